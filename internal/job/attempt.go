package job

// Attempt is one attempt at a job, handed to those who run it elsewhere.
type Attempt struct {
	Job    Job
	Output Output
	Owner  Owner
	Held   bool // it has Ended and is not Done; the Owner's own
}

// Owner is told what becomes of a Try.
type Owner interface {
	// Begun says that the job runs now, and for another time when it begins anew.
	Begun(*Attempt)
	// Ended says that it has ended well, as far as is known, and runs no more. Done follows in a
	// moment, and may say otherwise.
	Ended(*Attempt)
	// Done says how it ended. It is called once, when all output has been written.
	Done(*Attempt, Status)
}
