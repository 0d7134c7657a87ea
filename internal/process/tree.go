package process

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// Tree holds the processes and pipes of one job at a time. A slot keeps its Tree from job to job; one goroutine uses it.
//
// The order of calls is Begin, then for each pipeline of the job Start for its processes and Wait, then Finish.
type Tree struct {
	sup     *Supervisor
	wake    *waker
	spawner spawner

	ctx        context.Context
	unhook     func() bool           // removes from ctx the function that wakes the Tree
	tick       uint64                // when the job began; 0 when it shares its ctx, and so its stop, with other jobs
	running    atomic.Uint64         // tick while the job runs and is not being ended, for other Trees
	before     atomic.Pointer[[]int] // the orphans that there were when the job began; nil for none
	results    []Result
	captures   [2]capture
	feeds      []feed
	polls      []unix.PollFd
	stage      stage
	wants      syscall.Signal // by which the system stopped the job because it uses the terminal
	killAt     time.Time      // when the grace ends, in stage terminated
	gotTERM    []proc.Process // the job's processes that TERM was sent to
	noGrace    atomic.Bool
	waits      atomic.Bool // Wait waits for the processes that were started
	memoryAt   time.Time   // when to look at the memory next
	overMemory int64       // how much memory the processes had when that was too much
	cgroup     *cgroup     // of the job; nil: none

	mu       sync.Mutex // guards the following against other goroutines; the Tree's own may read them without
	jobID    string     // by which the job's processes are found
	group    int        // process group of the current pipeline, 0 before its first process
	children []child    // not reaped yet
}

// stage is how far a Tree has gone in ending its processes.
type stage uint8

const (
	running stage = iota
	terminated
	killed
)

// NewTree returns a Tree that lives as long as its Supervisor, which closes it.
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

// Begin readies the Tree for a job that is stopped when ctx is done, and whose processes have the job ID in their
// environment.
func (t *Tree) Begin(ctx context.Context, jobID string) {
	if ctx != t.ctx {
		// Most jobs of a run share one context: an AfterFunc for each job would put all slots behind that context's lock.
		if t.unhook != nil {
			t.unhook()
		}
		t.ctx = ctx
		t.unhook = context.AfterFunc(ctx, t.wake.signal)
		t.tick = proc.Now()
		if before := t.sup.livingOrphans(); len(before) > 0 {
			before = slices.Clone(before)
			t.before.Store(&before)
		} else {
			t.before.Store(nil)
		}
	}
	t.mu.Lock()
	t.jobID = jobID
	t.mu.Unlock()
	t.running.Store(t.tick)
	t.stage = running
	t.wants = 0
	t.overMemory = 0
	t.noGrace.Store(false)
}

// OverMemory returns how much memory the job had when it was ended for that, else 0.
func (t *Tree) OverMemory() int64 { return t.overMemory }

// WantsTerminal returns the signal by which the system stopped the job for using the terminal, so that it had to be
// ended; 0 when it did not.
func (t *Tree) WantsTerminal() syscall.Signal { return t.wants }

// Stopping reports whether the job is to end.
func (t *Tree) Stopping() bool { return t.stage != running || t.ctx.Err() != nil }

// Terminated reports whether TERM was sent to its processes.
func (t *Tree) Terminated() bool { return t.stage != running }

// Capture makes pipes whose bytes go to the Writers, and returns the ends for the processes. A Writer that is
// [Inheritable] is passed to the processes itself.
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

// Feed makes a pipe that the Tree fills with the pieces while it waits, and returns the end to read from, which the
// caller closes. A reader may close its end before it has read everything.
func (t *Tree) Feed(pieces []string) (int, error) {
	r, w, err := pipe()
	if err != nil {
		return -1, err
	}
	t.FeedTo(w, pieces, false)
	return r, nil
}

// FeedTo writes the pieces to fd while the Tree waits, and closes it at the end. With owed, Wait also waits until the
// reader has taken all of them, even when no process is left. The description behind fd must not be shared: it becomes
// non-blocking.
func (t *Tree) FeedTo(fd int, pieces []string, owed bool) {
	blocks := unix.SetNonblock(fd, true) != nil
	t.feeds = append(t.feeds, feed{fd: fd, pieces: pieces, owed: owed, blocks: blocks})
}

// Pipe makes a pipe between two processes of a pipeline. The caller closes both ends when the processes that use them
// are started.
func (t *Tree) Pipe() (r, w int, err error) { return pipe() }

// Start starts a process of the current pipeline, in the pipeline's process group.
func (t *Tree) Start(c *Command) error {
	return t.start(c, t.group, t.add)
}

// StartHere starts the job's one process in our own process group, so that it has the terminal as we have it.
func (t *Tree) StartHere(c *Command) error {
	return t.start(c, ours, func(p child) {
		t.add(p)
		t.mu.Lock()
		t.group = 0
		t.mu.Unlock()
	})
}

func (t *Tree) start(c *Command, group int, known func(child)) error {
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
		if !c.WaitForRoom || !t.awaitRoom(&since) {
			return err
		}
	}
}

// Signal signals the processes that the Tree has started, and not their descendants.
func (t *Tree) Signal(s unix.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.children { // not reaped yet: the pid is the child's own
		signalChild(t.children[i].pid, s)
	}
}

// add makes a process the Tree's own.
func (t *Tree) add(c child) {
	if c.pidfd < 0 {
		c.exited = make(chan struct{})
		go c.watch(t.wake)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.group == 0 {
		t.group = c.pid
	}
	t.children = append(t.children, c)
}

// watch wakes the Tree when the process exits. It is for systems without pidfds, and ends with the process; reap waits
// for it.
func (c child) watch(w *waker) {
	awaitExit(c.pid)
	close(c.exited)
	w.signal()
}

// Seal closes our copies of the ends that Capture gave, when no more processes of the job are started. It is not
// needed, but a fork copies each descriptor of all slots, at 0.07 µs each: at 64 slots, that is 4 % of the time of tiny
// jobs.
func (t *Tree) Seal() {
	t.captures[0].seal()
	t.captures[1].seal()
}

// Wait waits until all processes of the pipeline have ended, by themselves or because the job was stopped, and returns
// their results in the order of their start. The slice is valid until the next Wait.
//
// None is reaped before all are gone: the zombie of the first keeps the group's id from being used again.
func (t *Tree) Wait() []Result {
	t.waits.Store(true)
	defer t.waits.Store(false)
	for t.alive() {
		t.step(t.stepTime())
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
	for i := range t.children {
		t.results = append(t.results, t.children[i].reap())
	}
	t.children = t.children[:0]
	t.group = 0
	return t.results
}

// Finish reads what the job's pipes hold and closes them. It reports whether another process still held one of them, so
// that later output is lost.
func (t *Tree) Finish() (held bool) {
	for i := range t.feeds {
		t.feeds[i].close()
	}
	t.feeds = t.feeds[:0]
	defer t.running.Store(0)
	defer t.leaveCgroup()
	if t.sup.spec.Reap && t.stage == running {
		t.terminateLeftovers()
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

// linger reads on for a while, and reports whether a writer is still there after it. Most often the writer is a child
// that another slot has forked meanwhile, which holds a copy of each descriptor of ours until its exec.
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

// Say writes p after all that the job's processes have printed so far. However slow the reader is, a stop of the job is
// obeyed.
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

// Drain moves what the captured pipes hold now, and not what comes later: a leftover may print without end. It waits
// for the reader of the output, and never for its writers.
func (t *Tree) Drain() {
	for i := range t.captures {
		t.captures[i].owe()
	}
	for t.captures[0].owing() || t.captures[1].owing() {
		t.step(0)
	}
}
