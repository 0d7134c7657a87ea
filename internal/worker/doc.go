// Package worker is the frame protocol between a runner and the fanout processes that run jobs for it, and both its
// sides: [Serve] in a worker process, and the [Starter] whose clients let a [pool.Pool] use such processes.
//
// # The protocol
//
// Each side first sends a line with the version of the protocol, and then frames, which have numbers and checksums: a
// wrong attribution is worse than a dead worker, so a damaged connection ends the worker. The worker says hello, and
// gets the [Setup], with all that the jobs of a run have in common. Then the runner sends jobs, and the worker reports
// for each that it has started, what it prints, and its outcome; it reports a start before the job does anything, so
// that a job which may have begun is never run again by accident. A job may print as many bytes as the runner has given
// it credit for. A job that has not started can be recalled. A worker on another machine first reports that a job has
// ended, and its outcome only when it is sure that no signal to the whole machine has cut it short. A ping shows
// whether a worker is there, and how long an answer takes. docs/modes.md has the table of frames, and frame.go their
// kinds.
//
// # Who owns what
//
// A [Launcher] starts the process and owns how it is reached: [Local] on this machine, a backend of package remote on
// others. It returns a [Link], which belongs to one client until the process is gone. The client belongs to its
// [pool.Worker]: it reports begun, ended and returned jobs, the loss of jobs when the worker dies, and at last that it
// is gone. One goroutine reads the worker's frames, one writes what the outbox gathers, one pings; others pass on
// output, since a job may have to wait for others before it can write.
//
// In the worker, one goroutine reads the runner's frames, and each slot is a goroutine that takes jobs from a queue and
// lets the [Host] run them. Whoever has something urgent writes out all that was sent so far. When the connection ends
// without a dismissal, the worker ends all jobs and their leftovers.
package worker
