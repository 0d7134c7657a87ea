package job

// Attempt is one attempt at a job, handed to a pool that runs it in a worker.
type Attempt struct {
	Job    Job
	Output Output
	Owner  Owner
	Held   bool // the Owner's own: it has Ended and is not Done
}

// Owner is told what becomes of an [Attempt].
type Owner interface {
	// Begun says that the job runs now. It comes again when the job begins anew.
	Begun(*Attempt)
	// Ended says that the job has succeeded, as far as is known, and runs no more. Done follows
	// in a moment, and may say otherwise.
	Ended(*Attempt)
	// Done says how the job ended. It is called once, after all output has been written.
	Done(*Attempt, Status)
}
