// Package process starts processes, watches them, moves their bytes and ends them. It is the only package that does.
//
// A [Supervisor] is for a whole run, and a [Tree] for the processes of one job. One goroutine, the slot's, does all the
// work of a Tree: it forks, then sits in poll(2) on the job's pipes, its pidfds and a wake descriptor, and reaps at the
// end. That costs two thirds of os/exec's time and, for 1000 sleeping jobs, less memory than a channel and two copying
// goroutines each.
//
// A [Program] is a process that outlives jobs, such as a worker, and a [Runner] is the process that does the run, which
// its guardian starts.
//
// # How a job's processes are found
//
// A job that ends by itself needs no search. To stop one, or to end its leftovers, three ways are combined:
//
//	way            finds                                               costs           where
//	process group  all that did not leave the group                    a system call   Tree.signal
//	descent        children of the job's processes, and theirs         µs a process    descendants
//	job ID         orphans, by FANOUT_MARK in their environment, and   µs an orphan    orphans
//	               those without any ID that only this job can have
//	               started (Tree.claims)
//
// Orphans become our children, since we are a subreaper. Where the system lists no children, a [snapshot] of all
// processes answers all three; it takes some milliseconds, as does a search for the leftovers of all jobs, and goroutines
// that ask at the same time share one.
package process

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// Spec is the settings of a Supervisor.
type Spec struct {
	Grace  time.Duration // between TERM and KILL
	Linger time.Duration // how long output is read after the job's end while another process still holds it
	Adopt  bool          // become the parent of orphans, where the system can
	Memory int64         // bytes that the processes of a job may have; 0: any
	Reap   bool          // end a job's leftovers when the job has ended
	RunID  string        // each job ID is the run ID, or begins with it and a dot
}

// Supervisor makes Trees and knows all of them. It is safe for use by many goroutines.
type Supervisor struct {
	spec      Spec
	null      *os.File
	snapshots snapshots
	orphans   orphans
	lacks     []Lack
	noProc    error // why processes cannot be looked at; nil: they can
	killNow   atomic.Bool
	ended     atomic.Bool  // a job was ended by us
	forks     sync.RWMutex // held for reading by each fork until its child's exec
	refused   refused
	threads   threads

	shortOnce sync.Once

	confinement *confinement // nil: none
	cgroups     *cgroups     // nil: jobs with a memory limit are watched

	suspended atomic.Bool
	terminal  bool // there is a terminal that jobs might want

	mu    sync.Mutex
	trees []*Tree
}

// NewSupervisor opens what all jobs share, and finds out what the system offers.
func NewSupervisor(spec Spec) (*Supervisor, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{spec: spec, null: null, terminal: haveTerminal()}
	if err := s.probe(); err != nil {
		null.Close()
		return nil, err
	}
	return s, nil
}

// JobIDVariable is the environment variable that holds a job's ID: see [proc.JobIDVariable].
const JobIDVariable = proc.JobIDVariable

// Null returns a descriptor of /dev/null, for reading and writing.
func (s *Supervisor) Null() int { return int(s.null.Fd()) }

// KillNow ends all graces: jobs that are being stopped get KILL at once.
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

// Command describes a process to start: a program, its arguments, and the descriptors that become its standard three.
type Command struct {
	Path                  string
	Argv, Env             []string
	Dir                   string
	Stdin, Stdout, Stderr int
	Session               bool     // in a session of its own, and so without a terminal
	Shell                 []string // runs a program that is text without #!; none: sh
	WaitForRoom           bool     // when the system has no room for it, wait until other jobs have made some

	cgroup int // descriptor of the control group that it starts in; 0: ours
}

// child is a process that was started and is not reaped yet.
type child struct {
	pid    int
	pidfd  int           // -1 where the system has none, or when its exit was seen
	exited chan struct{} // instead of a pidfd: closed at its exit
	gone   bool          // it is a zombie, or reaped
}

// tryFor is how long a start is repeated while the program's file is still open for writing in a child that another
// slot has forked and that has not reached its exec yet. It is also how long a start waits for room while no process of
// ours ends.
const tryFor = time.Second

// fork starts c in the process group, or in a new one when group is 0. The process is made known before it can be taken
// for an orphan.
func (s *Supervisor) fork(sp *spawner, c *Command, group int, known func(child)) (child, error) {
	var began time.Time
	for pause := time.Millisecond; ; pause *= 2 {
		p, err := s.forkOnce(sp, c, group, known)
		if err != unix.ETXTBSY {
			return p, err
		}
		if began.IsZero() {
			began = time.Now()
		} else if time.Since(began) > tryFor {
			return child{}, err
		}
		time.Sleep(pause)
	}
}

func (s *Supervisor) forkOnce(sp *spawner, c *Command, group int, known func(child)) (child, error) {
	s.forks.RLock()
	defer s.forks.RUnlock()
	defer s.confinement.leave()
	if err := s.confinement.enter(); err != nil {
		return child{}, err
	}
	pid, pidfd, err := sp.spawn(c, group, &s.refused)
	p := child{pid: pid, pidfd: pidfd}
	if err == nil {
		known(p)
	}
	return p, err
}

// ours stands for our own process group.
const ours = -1

// unreaped returns the processes that Trees have started and not reaped yet.
func (s *Supervisor) unreaped() map[int]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := map[int]bool{}
	for _, t := range s.trees {
		t.mu.Lock()
		for i := range t.children { // the other fields of a child belong to the Tree's goroutine
			pids[t.children[i].pid] = true
		}
		t.mu.Unlock()
	}
	return pids
}

// awaitForks waits until no child that was forked before is still on its way to exec. syscall.ForkLock would not do: a
// vfork's parent goes on a little before the child's close-on-exec descriptors are closed. No slot can fork meanwhile,
// so it is for rare moments.
func (s *Supervisor) awaitForks() {
	s.forks.Lock()
	//lint:ignore SA2001 the lock is taken to wait for its holders, and guards nothing here
	s.forks.Unlock()
}
