package process

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Tree is the processes and pipes of one job at a time. A slot keeps its Tree
// from job to job; one goroutine uses it.
//
// The order of calls is Begin, then for each pipeline of the job Start for its
// processes and Wait, then Finish.
type Tree struct {
	sup     *Supervisor
	wake    *waker
	spawner spawner

	ctx        context.Context
	unhook     func() bool   // takes the hook out of ctx that wakes the Tree
	tick       uint64        // when the job began; 0 where its ctx is that of other jobs too, with which it ends
	running    atomic.Uint64 // tick while the job runs and is not being ended, for other Trees
	before     []int         // the orphans when it began
	results    []Result
	captures   [2]capture
	feeds      []feed
	polls      []unix.PollFd
	stage      stage
	wants      syscall.Signal // why the system stopped the job: it uses the terminal
	killAt     time.Time      // when the grace ends, in stage terminated
	told       []relative     // the members that got TERM
	hurry      atomic.Bool    // there is no grace
	waits      atomic.Bool    // until all processes that were started have ended
	memoryAt   time.Time      // when to look at the memory next
	overMemory int64          // what the processes had when that was too much
	cgroup     *cgroup        // that of the job; nil: none

	mu    sync.Mutex // guards these against other goroutines; the Tree's own may read them without
	jobID string     // by which the job's processes are known
	group int        // process group of the current pipeline, 0 before its first process
	procs []proc     // not reaped yet
}

// stage is how far a Tree has gone on the way of ending its processes.
type stage uint8

const (
	running stage = iota
	terminated
	killed
)

// NewTree returns a Tree that lives as long as its Supervisor.
func (s *Supervisor) NewTree() (*Tree, error) {
	if err := s.takeThread(); err != nil {
		return nil, err
	}
	w, err := newWaker()
	if err != nil {
		s.threads.giveThread()
		return nil, err
	}
	none := capture{read: -1, give: -1}
	t := &Tree{sup: s, wake: w, captures: [2]capture{none, none}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trees = append(s.trees, t)
	return t, nil
}

func (t *Tree) close() {
	if t.unhook != nil {
		t.unhook()
	}
	t.wake.close()
}

// Begin readies the Tree for a job that is stopped when ctx is done, and whose
// processes have the mark in their environment.
func (t *Tree) Begin(ctx context.Context, mark string) {
	if ctx != t.ctx {
		// Most jobs of a run share one context: hooking in anew for each would
		// put all slots behind that context's lock.
		if t.unhook != nil {
			t.unhook()
		}
		t.ctx = ctx
		t.unhook = context.AfterFunc(ctx, t.wake.signal)
		t.tick = now()
		t.before = t.sup.orphaned()
	}
	t.mu.Lock()
	t.jobID = mark
	t.mu.Unlock()
	t.running.Store(t.tick)
	t.stage = running
	t.wants = 0
	t.overMemory = 0
	t.hurry.Store(false)
}

// OverMemory is how much memory the job had when it was ended for that, else 0.
func (t *Tree) OverMemory() int64 { return t.overMemory }

// WantsTerminal is the signal by which the system stopped the job for using the
// terminal, so that it had to be ended; 0 when it did not.
func (t *Tree) WantsTerminal() syscall.Signal { return t.wants }

// Stopping reports whether the job is to end.
func (t *Tree) Stopping() bool { return t.stage != running || t.ctx.Err() != nil }

// Terminated reports whether its processes were told to.
func (t *Tree) Terminated() bool { return t.stage != running }

// Capture makes pipes whose bytes go to the Writers, and returns the ends
// to give to processes. An output that can be inherited is given as it is.
func (t *Tree) Capture(toStdout, toStderr io.Writer) (stdout, stderr int, err error) {
	if err := t.captures[0].open(toStdout); err != nil {
		return -1, -1, err
	}
	if err := t.captures[1].open(toStderr); err != nil {
		t.captures[0].seal()
		t.captures[0].end()
		return -1, -1, err
	}
	return t.captures[0].give, t.captures[1].give, nil
}

// Feed makes a pipe that the Tree fills with the pieces while it waits, and
// returns the end to read from, which the caller closes. That the reader goes
// away before it has read everything is no error.
func (t *Tree) Feed(pieces []string) (int, error) {
	r, w, err := pipe()
	if err != nil {
		return -1, err
	}
	t.FeedTo(w, pieces, false)
	return r, nil
}

// FeedTo writes the pieces to fd while the Tree waits, and closes it at the end.
// What is owed to the reader is waited for, also when no process is left. The
// description behind fd must not be shared: it becomes non-blocking.
func (t *Tree) FeedTo(fd int, pieces []string, owed bool) {
	blocks := unix.SetNonblock(fd, true) != nil
	t.feeds = append(t.feeds, feed{fd: fd, pieces: pieces, owed: owed, blocks: blocks})
}

// Pipe makes a pipe between two processes of a pipeline. The caller closes both
// ends when the processes that use them are started.
func (t *Tree) Pipe() (r, w int, err error) { return pipe() }

// Start starts a process of the current pipeline, in the pipeline's process group.
func (t *Tree) Start(c *Command) error {
	return t.start(c, t.group, t.add)
}

// StartHere starts the job's one process in our own process group, so that it has
// the terminal as we have it.
func (t *Tree) StartHere(c *Command) error {
	return t.start(c, ours, func(p proc) {
		t.add(p)
		t.mu.Lock()
		t.group = 0
		t.mu.Unlock()
	})
}

func (t *Tree) start(c *Command, group int, known func(proc)) error {
	if err := t.enterCgroup(c); err != nil {
		return err
	}
	var since time.Time
	for {
		err := t.begin(c, group, known)
		if !NoRoom(err) {
			return err
		}
		t.sup.short()
		if !c.Patient || !t.awaitRoom(&since) {
			return err
		}
	}
}

// Signal sends a signal to the job's processes that were started by us.
func (t *Tree) Signal(s unix.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.procs { // not reaped yet, so that the pid is its own
		signalChild(t.procs[i].pid, s)
	}
}

// add makes a process the Tree's own.
func (t *Tree) add(p proc) {
	if p.pidfd < 0 {
		p.exited = make(chan struct{})
		go p.watch(t.wake)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.group == 0 {
		t.group = p.pid
	}
	t.procs = append(t.procs, p)
}

// watch is for systems without pidfds. It ends with the process, and reap waits for it.
func (p proc) watch(w *waker) {
	awaitExit(p.pid)
	close(p.exited)
	w.signal()
}

// Seal says that no more processes of the job will write to what Capture gave: our
// copies are closed. It is not needed, but a fork copies each descriptor of all
// slots, at 0.07 µs each: at 64 slots, it is 4 % of the time of tiny jobs.
func (t *Tree) Seal() {
	t.captures[0].seal()
	t.captures[1].seal()
}

// Wait returns when all processes of the pipeline have ended, by themselves or
// because the job was stopped, and returns how, in the order of their start. The
// slice is good until the next Wait.
//
// None is reaped before all are gone: the zombie of the first pins the group's id.
func (t *Tree) Wait() []Result {
	t.waits.Store(true)
	defer t.waits.Store(false)
	for t.alive() {
		t.step(t.patience())
		if t.sup.terminal && t.stage == running && t.group != 0 {
			t.checkTerminal()
		}
		if t.sup.watchesMemory() && t.stage == running {
			t.checkMemory()
		}
	}
	t.checkCgroup()
	if t.stage != running {
		t.awaitRest()
	}
	t.results = t.results[:0]
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.procs {
		t.results = append(t.results, t.procs[i].reap())
	}
	t.procs = t.procs[:0]
	t.group = 0
	return t.results
}

// Finish closes the job's pipes when what they hold has been read. It reports
// whether another process still held one of them, so that later output is lost.
func (t *Tree) Finish() (held bool) {
	for i := range t.feeds {
		t.feeds[i].close()
	}
	t.feeds = t.feeds[:0]
	defer t.running.Store(0)
	defer t.leaveCgroup()
	if t.sup.spec.Reap && t.stage == running {
		t.reapLeft()
	}
	t.Seal()
	t.step(0) // most often this finds the end of both
	t.Drain()
	held = t.linger()
	for i := range t.captures {
		t.captures[i].end()
	}
	return held
}

// linger reads on for a while, and reports whether the writers outlasted it. Most
// often the writer is a child that another slot has forked meanwhile, which holds
// a copy of every descriptor of ours until its exec.
func (t *Tree) linger() bool {
	end := time.Now().Add(t.sup.spec.Linger)
	for t.capturing() {
		left := time.Until(end)
		if left > 0 && !t.Stopping() {
			t.step(left)
			continue
		}
		t.sup.awaitForks()
		t.awaitExecs()
		t.step(0)
		t.Drain()
		return t.capturing()
	}
	return false
}

// Say writes for the job what comes after all that its processes have printed so far.
// However slow the reader is, the job is ended when it is to end.
func (t *Tree) Say(w io.Writer, p []byte) error {
	t.Drain()
	h, ok := w.(Holder)
	if !ok {
		_, err := w.Write(p)
		return err
	}
	err := h.Hold(p)
	if err == nil {
		err = h.Settle()
	}
	for err == unix.EAGAIN {
		t.step(0)
		err = h.Settle()
	}
	return err
}

// Drain moves on what the captured pipes hold now, and not what comes after: a
// process that was left behind may print without end. It waits for who takes the
// output, and never for who prints it.
func (t *Tree) Drain() {
	for i := range t.captures {
		t.captures[i].owe()
	}
	for t.captures[0].owing() || t.captures[1].owing() {
		t.step(0)
	}
}
