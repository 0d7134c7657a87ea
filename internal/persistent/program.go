// Package persistent has jobs done by programs that are started once and then answer one
// item after the other.
package persistent

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"fanout/internal/execute"
	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
)

// Spec says what is started, and how it is talked to.
type Spec struct {
	Name     string // of the program, for messages
	Path     string
	Argv     []string
	Shell    []string // for a program that is text without #!
	Dir      string
	Environ  []string // what programs inherit; execute.Environ completes it
	Env      []string
	Run      string // mark of the run
	Before   int    // how many programs earlier runs have started
	Protocol Protocol
	WarmUp   time.Duration // before a program's first reply, in which no job's time runs
	Hint     time.Duration // after which a program that has never replied is worth a hint
	Leave    time.Duration // how long a program may take to end when no more items come
	Check    time.Duration // the same, when another has replied too often
}

// Starter starts programs for a Pool.
type Starter struct {
	Spec       Spec
	Supervisor *process.Supervisor
	Stderr     io.Writer         // takes whole lines
	Fail       func(error)       // ends the run
	Warn       func(text string) // tells the user
	TakeBack   func(Replies, error)

	mu        sync.Mutex
	started   int
	hinted    bool
	failed    bool    // the run is being ended since a program has replied when nobody had asked
	outOfStep bool    // some program has replied too often
	doubtful  Replies // of programs that were ended, as long as none has
}

// Start is part of pool.Starter.
func (s *Starter) Start(m *pool.Worker) (pool.Client, error) {
	s.mu.Lock()
	s.started++
	number := s.Spec.Before + s.started
	mark := s.Spec.Run + ".p" + strconv.Itoa(m.Number) + "." + strconv.Itoa(s.started)
	s.mu.Unlock()
	env := execute.Environ(append(s.Spec.Environ[:len(s.Spec.Environ):len(s.Spec.Environ)], s.Spec.Env...), s.Spec.Run, mark)
	env = append(env, "FANOUT_SLOT="+strconv.Itoa(m.Number))
	tag := &tagger{to: s.Stderr, tag: fmt.Sprintf("worker %d: ", m.Number)}
	p, err := s.Supervisor.StartProgram(process.Command{
		Path: s.Spec.Path, Argv: s.Spec.Argv, Env: env, Dir: s.Spec.Dir, Shell: s.Spec.Shell,
	}, mark, tag)
	if err != nil {
		return nil, &pool.HopelessError{Err: execute.StartError(s.Spec.Name, err)}
	}
	w := &worker{s: s, m: m, p: p, out: pool.NewOutbox(), number: number, replies: Replies{Programs: []int{number}}}
	go w.run(tag) // until it calls m.Gone
	return w, nil
}

// hint tells once why a program may be silent.
func (s *Starter) hint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hinted {
		return
	}
	s.hinted = true
	s.Warn(fmt.Sprintf("%s has not replied to its first item yet: many programs hold back what they print into a pipe; "+
		"try sed -u, grep --line-buffered, awk with fflush(), python3 -u or stdbuf -oL", s.Spec.Name))
}

// fail ends the run.
func (s *Starter) fail(err error) {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
	s.Fail(err)
}

// client is one running program.
type worker struct {
	s       *Starter
	m       *pool.Worker
	p       *process.Program
	out     *pool.Outbox
	number  int     // of the program
	replies Replies // that it has given; the own of the goroutine that runs it

	mu        sync.Mutex
	items     []*pool.Task // without a reply yet, in the order in which they were sent
	replied   bool         // it has answered once
	told      bool         // the first item has begun
	cancelled *pool.Task   // on whose account it was told to end
	ending    bool         // it was told to end
	checked   bool         // the same, when it has answered what it has
	bye       bool
	leaving   *time.Timer
	first     *time.Timer // for the hint
	warm      *time.Timer
	finished  bool
}

// Send is part of pool.Worker.
func (w *worker) Send(t *pool.Task) {
	item := t.Attempt.Job.Items[0].String()
	if err := w.s.Spec.Protocol.check(item); err != nil {
		// Not by this goroutine, whose the Pool is at the moment.
		go w.m.Done(t, job.Status{Outcome: job.NotStarted, Err: err})
		return
	}
	w.mu.Lock()
	w.items = append(w.items, t)
	if len(w.items) == 1 {
		w.begin(t)
	}
	w.mu.Unlock()
	w.out.Add(func(b []byte) []byte { return w.s.Spec.Protocol.appendItem(b, item) })
}

// begin has the time of the oldest item run. Before the first reply, it begins when the
// program may be expected to have started.
func (w *worker) begin(t *pool.Task) {
	if w.replied {
		w.m.Begun(t)
		return
	}
	if w.first == nil {
		w.first = time.AfterFunc(w.s.Spec.WarmUp+w.s.Spec.Hint, w.s.hint)
	}
	if w.s.Spec.WarmUp == 0 {
		w.told = true
		w.m.Begun(t)
		return
	}
	w.warm = time.AfterFunc(w.s.Spec.WarmUp, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.finished && !w.replied && len(w.items) > 0 && w.items[0] == t {
			w.told = true
			w.m.Begun(t)
		}
	})
}

// Flush is part of pool.Worker.
func (w *worker) Flush() { w.out.Flush() }

// FlushSoon is part of pool.Worker.
func (w *worker) FlushSoon() { w.out.FlushSoon() }

// Recall is part of pool.Worker. What a program has been sent cannot be taken back.
func (w *worker) Recall(*pool.Task) {}

// Cancel is part of pool.Worker. The only way to end one item is to end the program.
func (w *worker) Cancel(t *pool.Task) {
	w.mu.Lock()
	is := len(w.items) > 0 && w.items[0] == t // else it was answered just now
	if is {
		w.cancelled = t
	}
	w.mu.Unlock()
	if is {
		w.p.Stop()
	}
}

// Stop is part of pool.Worker. When the run ends since another program has replied when nobody
// had asked, this one may show that it has not: it gets a moment to answer what it has.
func (w *worker) Stop() {
	w.s.mu.Lock()
	failed := w.s.failed
	w.s.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if failed && !w.ending {
		w.checked = true
		w.dismiss(w.s.Spec.Check, w.stop)
		return
	}
	w.ending = true
	w.p.Stop()
}

func (w *worker) stop() {
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	w.p.Stop()
}

// KillNow is part of pool.Worker.
func (w *worker) KillNow() {
	w.mu.Lock()
	ending := w.ending || w.checked || w.cancelled != nil
	w.mu.Unlock()
	if ending {
		w.p.Kill()
	}
}

// Settle is part of pool.Worker. A reply is the end.
func (w *worker) Settle() {}

// Dismiss is part of pool.Worker.
func (w *worker) Dismiss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dismiss(w.s.Spec.Leave, w.p.Stop)
}

// dismiss is called with the lock held. What has to be done when it takes too long is late.
func (w *worker) dismiss(most time.Duration, late func()) {
	if w.bye {
		return
	}
	w.bye = true
	w.p.Dismiss()
	w.out.Close()
	w.leaving = time.AfterFunc(most, late)
}

var errSilent = errors.New("the program ended without a reply")

// run is with the program until it is gone.
func (w *worker) run(tag *tagger) {
	var others sync.WaitGroup
	others.Go(func() {
		w.out.Copy(w.p.Stdin) // what it does not read it will not answer
		w.p.Stdin.Close()
	})
	others.Go(func() {
		w.p.Wait()
		// What it has left behind may hold its output for ever.
		const linger = 100 * time.Millisecond
		w.p.Stdout.SetReadDeadline(time.Now().Add(linger))
	})
	why := w.read()
	w.m.Leave()
	w.out.Close()
	head := w.abandon()
	w.end(why)
	res := w.p.Wait()
	others.Wait()
	w.p.Stdout.Close()
	tag.flush()
	how := res.Failure()
	if head != nil {
		w.m.Done(head, w.blame(res, why))
	}
	w.mu.Lock()
	bye, ending := w.bye, w.ending
	if w.leaving != nil {
		w.leaving.Stop()
	}
	w.mu.Unlock()
	surplus := errors.Is(why, errSurplus)
	w.s.judge(w.replies, surplus, bye && !ending && head == nil && !surplus && how == nil)
	switch {
	case surplus && head == nil:
		w.s.fail(&OutOfStepError{Worker: w.m.Number, Name: w.s.Spec.Name})
	case surplus && w.replies.Jobs > 0:
		w.s.Warn(fmt.Sprintf("worker %d: %s: %v: all that it has replied is in doubt", w.m.Number, text.Name(w.s.Spec.Name), errSurplus))
	case bye && !ending && head == nil && how != nil:
		w.s.Warn(fmt.Sprintf("worker %d: %s: %v after its last reply", w.m.Number, text.Name(w.s.Spec.Name), how))
	}
	if bye && head == nil {
		w.m.Gone(nil)
		return
	}
	w.m.Gone(cause(why, how))
}

func cause(why, how error) error {
	switch {
	case why != nil && !errors.Is(why, io.EOF):
		return why
	case how != nil:
		return how
	default:
		return errors.New("it ended by itself")
	}
}

// abandon gives back the items that the program cannot be blamed for, and returns the
// oldest, which it can.
func (w *worker) abandon() (head *pool.Task) {
	w.mu.Lock()
	items := w.items
	w.items, w.finished = nil, true
	for _, t := range []*time.Timer{w.first, w.warm} {
		if t != nil {
			t.Stop()
		}
	}
	if len(items) > 0 && (w.cancelled == nil || w.cancelled == items[0] || w.ending) {
		head, items = items[0], items[1:]
	}
	w.mu.Unlock()
	for _, t := range slices.Backward(items) {
		w.m.Return(t)
	}
	return head
}

// end ends a program that may still run. One that has closed its output gets a moment
// to end by itself, so that its exit status can be told.
func (w *worker) end(why error) {
	const moment = time.Second
	if !errors.Is(why, io.EOF) {
		w.p.Kill()
		return
	}
	w.mu.Lock()
	bye := w.bye
	w.mu.Unlock()
	if !bye { // else it has as long as Leave says
		kill := time.AfterFunc(moment, w.p.Kill)
		defer kill.Stop()
	}
	w.p.Wait()
}

// blame is the outcome of the item that a program did not answer.
func (w *worker) blame(res process.Result, why error) job.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	st := job.Status{Program: w.number, Usage: job.Usage{User: res.User, System: res.System, MaxRSS: res.MaxRSS}}
	switch {
	case w.p.OverMemory() > 0:
		st.Outcome, st.Err = job.OverMemory, process.MemoryError(w.p.OverMemory(), w.s.Supervisor.Memory())
	case w.ending, w.cancelled != nil:
		st.Outcome = job.Stopped
	case !errors.Is(why, io.EOF):
		st.Outcome, st.Err = job.Lost, why
	case res.Status.Signaled():
		st.Outcome, st.Signal = job.Signaled, res.Status.Signal()
	case res.Status.ExitStatus() != 0:
		st.Code = res.Status.ExitStatus()
	default:
		st.Outcome, st.Err = job.Lost, errSilent
	}
	return st
}

// read takes replies until the end of the program's output, or one too many.
func (w *worker) read() error {
	buf := make([]byte, 0, 64<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
		n, err := w.p.Stdout.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest, bad := w.take(buf)
		if bad != nil {
			return bad
		}
		if cap(buf) > 1<<20 && len(rest) < 64<<10 {
			buf = append(make([]byte, 0, 64<<10), rest...)
		} else {
			buf = buf[:copy(buf[:cap(buf)], rest)]
		}
		if err != nil {
			return io.EOF
		}
	}
}

// take attributes the replies that have come as a whole, and returns what is left.
func (w *worker) take(b []byte) (rest []byte, err error) {
	now := time.Now()
	for len(b) > 0 {
		reply, n, err := w.s.Spec.Protocol.cut(b)
		w.mu.Lock()
		if err != nil && len(w.items) > 0 {
			w.mu.Unlock()
			return nil, err
		}
		if len(w.items) == 0 || len(w.items) == 1 && n > 0 && len(b) > n {
			// Nothing was asked, or the answer to the last question goes on.
			w.mu.Unlock()
			return nil, errSurplus
		}
		if n == 0 {
			w.mu.Unlock()
			return b, nil
		}
		t := w.items[0]
		w.items[0] = nil
		w.items = w.items[1:]
		if !w.replied {
			w.replied = true
			w.first.Stop()
		}
		told := w.told
		w.told = true
		if len(w.items) > 0 {
			w.m.BegunAt(w.items[0], now)
		}
		w.mu.Unlock()
		if !told {
			w.m.BegunAt(t, now) // within its warm-up
		}
		t.Attempt.Output.Stdout.Write(reply) // where it fails, the run is being ended
		w.replies.Add(t.Attempt.Job)
		w.m.DoneAt(t, job.Status{Program: w.number}, now)
		b = b[n:]
	}
	return b, nil
}
