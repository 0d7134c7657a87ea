package pool

import (
	"time"
)

// Spec says where workers are, and how many jobs each may have.
type Spec struct {
	Hosts   []Host
	Growing bool // more hosts may come later
	Ahead   int  // how many jobs a worker may have beyond those that it runs, when they are short
	Free    bool // jobs start no processes: they are too short to be worth taking back

	BackOff time.Duration                // wait before a host's next worker after two deaths in a row; doubles four times
	Gather  time.Duration                // how long the first job waits for all workers to start
	LeftOut func(host string, why error) // is called for each host that is given up while there are others
	Died    func(host string)            // is called for the host of each worker that had started and has died
}

// Most returns how many jobs the workers have at most.
func (s Spec) Most() int {
	const unknown = 1 << 16
	most := 0
	for _, host := range s.Hosts {
		if host.Threads == 0 {
			return unknown
		}
		most += host.Workers * (host.Threads + s.Ahead)
	}
	if s.Growing {
		return max(most, unknown)
	}
	return most
}

// Starter starts the process of a Worker. It gives up when the Worker's Context is done.
type Starter interface {
	Start(w *Worker) (Client, error)
}

// Client sends jobs to one worker. Its methods return at once, and the Pool calls them one at a time. The client
// reports what becomes of the jobs to its Worker, from another goroutine.
type Client interface {
	Flush()         // writes out what was sent, now
	FlushSoon()     // does so a moment later, when more may have joined it
	Send(t *Task)   // ends in Worker.Done or, when the job has not begun, in Worker.Return
	Recall(t *Task) // asks for Return, unless the job has begun
	Cancel(t *Task) // asks for Done, soon
	Stop()          // asks for Done of all jobs, and ends their leftovers
	Settle()        // all jobs have Ended: asks for Done of those that the worker still holds
	Dismiss()       // nothing more comes: asks for Gone
	KillNow()       // ends the grace of what is being ended
}
