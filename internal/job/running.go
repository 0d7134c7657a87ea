package job

import "time"

// Running is a job that runs now, in this process or in a worker.
type Running struct {
	Job    Job
	Pid    int    // of its first process, on this machine; 0 before it has one
	Worker int    // the worker that runs it; 0: this process
	Host   string // the worker's machine; "" is this one
	For    time.Duration
}
