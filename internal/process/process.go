// Package process starts processes, watches them, moves their bytes and ends
// them. It is the only package that does.
//
// One goroutine, the slot's, does all of it for one job: it forks, then sits in
// poll(2) on the job's pipes, its pidfds and a wake descriptor, and reaps at the
// end. That costs two thirds of os/exec's time and, for 1000 sleeping jobs, less
// memory than a channel and two copying goroutines each.
package process

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Spec says how patient a Supervisor is.
type Spec struct {
	Grace  time.Duration // between TERM and KILL
	Linger time.Duration // how long output is read after the job's end while another process still holds it
	Adopt  bool          // become the parent of what jobs leave behind; where the system can
	Memory int64         // bytes that the processes of a job may have; 0: any
	Reap   bool          // end what a job has left behind when it has ended
	RunID  string        // in the environment of all of them; begins with it and a dot, or is it
}

// Supervisor makes Trees and knows all of them. It is safe for use by many
// goroutines.
type Supervisor struct {
	spec      Spec
	null      *os.File
	snapshots snapshots
	orphans   orphans
	lacks     []Lack
	noProc    error // why nothing is known of processes, but that our own have ended
	killNow   atomic.Bool
	ended     atomic.Bool  // a job was ended by us
	forks     sync.RWMutex // held for reading by every fork until its child's exec
	refused   refused
	threads   threads

	shortOnce sync.Once

	confinement *confinement // nil: none
	cgroups     *cgroups     // nil: jobs with a memory limit are watched

	suspended atomic.Bool
	terminal  bool // there is one that jobs might want

	mu    sync.Mutex
	trees []*Tree
}

// NewSupervisor opens what all jobs share.
func NewSupervisor(spec Spec) (*Supervisor, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{spec: spec, null: null, terminal: haveTerminal()}
	if err := s.look(); err != nil {
		null.Close()
		return nil, err
	}
	return s, nil
}

// Null is a descriptor of /dev/null, for reading and writing.
func (s *Supervisor) Null() int { return int(s.null.Fd()) }

// KillNow ends every grace period: what is being stopped gets KILL at once.
func (s *Supervisor) KillNow() {
	s.killNow.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.wake.signal()
	}
}

// Close releases the Supervisor and all its Trees, none of which may be in use.
func (s *Supervisor) Close() error {
	s.orphans.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trees {
		t.close()
	}
	s.trees = nil
	return s.null.Close()
}

// Command is one process to be: a program, its arguments, and the descriptors
// that it gets as its standard three.
type Command struct {
	Path                  string
	Argv, Env             []string
	Dir                   string
	Stdin, Stdout, Stderr int
	Session               bool     // it gets a session of its own, and so no terminal
	Shell                 []string // what runs a program that is text without #!; none: sh
	Patient               bool     // its start waits until other jobs have made room, when there is none

	cgroup int // descriptor of the control group that it is to be in; 0: ours
}

// proc is a started process until it is reaped.
type proc struct {
	pid    int
	pidfd  int           // -1 where the system has none, or when its exit was seen
	exited chan struct{} // instead of a pidfd: closed at its exit
	gone   bool          // it is a zombie, or reaped
}

// tryFor is how long a start is tried again when a program is still open for writing in a
// child that another slot has forked and that has not reached its exec yet, and for how long
// nothing of ours may end while it waits for room.
const tryFor = time.Second

// fork starts c in the process group, or in a new one when group is 0. The process
// is made known before it can be taken for an orphan.
func (s *Supervisor) fork(sp *spawner, c *Command, group int, known func(proc)) (proc, error) {
	var began time.Time
	for pause := time.Millisecond; ; pause *= 2 {
		p, err := s.forkOnce(sp, c, group, known)
		if err != unix.ETXTBSY {
			return p, err
		}
		if began.IsZero() {
			began = time.Now()
		} else if time.Since(began) > tryFor {
			return proc{}, err
		}
		time.Sleep(pause)
	}
}

func (s *Supervisor) forkOnce(sp *spawner, c *Command, group int, known func(proc)) (proc, error) {
	s.forks.RLock()
	defer s.forks.RUnlock()
	defer s.confinement.leave()
	if err := s.confinement.enter(); err != nil {
		return proc{}, err
	}
	pid, pidfd, err := sp.spawn(c, group, &s.refused)
	p := proc{pid: pid, pidfd: pidfd}
	if err == nil {
		known(p)
	}
	return p, err
}

// ours stands for our own process group.
const ours = -1

// owned is the processes of jobs that their Trees have not reaped yet.
func (s *Supervisor) owned() map[int]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := map[int]bool{}
	for _, t := range s.trees {
		t.mu.Lock()
		for i := range t.procs { // what else they hold is the Tree's own
			pids[t.procs[i].pid] = true
		}
		t.mu.Unlock()
	}
	return pids
}

// awaitForks returns when no child that was forked before is still on its way to
// exec. syscall.ForkLock would not do: a vfork's parent goes on a little before
// the child's close-on-exec descriptors are closed. It keeps others from forking
// meanwhile, so it is for rare moments.
func (s *Supervisor) awaitForks() {
	s.forks.Lock()
	//lint:ignore SA2001 nothing is to be done under the lock; having had it is the point
	s.forks.Unlock()
}
