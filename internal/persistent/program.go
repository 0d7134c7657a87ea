package persistent

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"fanout/internal/job"
	"fanout/internal/outbox"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
)

// program is one running program. It is a [pool.Client].
type program struct {
	starter *Starter
	worker  *pool.Worker
	process *process.Program
	out     *outbox.Outbox
	number  int     // of the program
	replies Replies // its own; only run uses them

	mu        sync.Mutex
	items     []*pool.Task // without a reply yet, in the order of Send
	replied   bool         // it has replied once
	told      bool         // its first item has begun
	cancelled *pool.Task   // for which it was told to end
	ending    bool         // it was told to end by Stop
	checked   bool         // it was told to end by Stop, once it has answered its items
	bye       bool         // it was dismissed
	leaving   *time.Timer  // ends it when it takes too long then
	first     *time.Timer  // gives the hint
	warm      *time.Timer  // ends the warm-up
	finished  bool         // no more replies are read
}

// Send is part of pool.Client.
func (p *program) Send(t *pool.Task) {
	item := t.Attempt.Job.Items[0].String()
	if err := p.starter.Spec.Protocol.check(item); err != nil {
		// Not from here: the Pool is locked.
		go p.worker.Done(t, job.Status{Outcome: job.NotStarted, Err: err})
		return
	}
	p.mu.Lock()
	p.items = append(p.items, t)
	if len(p.items) == 1 {
		p.begin(t)
	}
	p.mu.Unlock()
	p.out.Add(func(b []byte) []byte { return p.starter.Spec.Protocol.appendItem(b, item) })
}

// begin lets the time of the oldest item run. Before the first reply, it runs once the warm-up is over. The lock is
// held.
func (p *program) begin(t *pool.Task) {
	if p.replied {
		p.worker.Begun(t)
		return
	}
	if p.first == nil {
		p.first = time.AfterFunc(p.starter.Spec.WarmUp+p.starter.Spec.Hint, p.starter.hint)
	}
	if p.starter.Spec.WarmUp == 0 {
		p.told = true
		p.worker.Begun(t)
		return
	}
	p.warm = time.AfterFunc(p.starter.Spec.WarmUp, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.finished && !p.replied && len(p.items) > 0 && p.items[0] == t {
			p.told = true
			p.worker.Begun(t)
		}
	})
}

// Flush is part of pool.Client.
func (p *program) Flush() { p.out.Flush() }

// FlushSoon is part of pool.Client.
func (p *program) FlushSoon() { p.out.FlushSoon() }

// Recall is part of pool.Client. A program cannot give an item back.
func (p *program) Recall(*pool.Task) {}

// Cancel is part of pool.Client. Only the end of the program ends one item.
func (p *program) Cancel(t *pool.Task) {
	p.mu.Lock()
	is := len(p.items) > 0 && p.items[0] == t // otherwise it was answered just now
	if is {
		p.cancelled = t
	}
	p.mu.Unlock()
	if is {
		p.process.Stop()
	}
}

// Stop is part of pool.Client. When the run ends because another program is out of step, this one gets a moment to
// answer its items, and so to show that it is in step.
func (p *program) Stop() {
	p.starter.mu.Lock()
	failed := p.starter.failed
	p.starter.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if failed && !p.ending {
		p.checked = true
		p.dismiss(p.starter.Spec.Check, p.stop)
		return
	}
	p.ending = true
	p.process.Stop()
}

func (p *program) stop() {
	p.mu.Lock()
	p.ending = true
	p.mu.Unlock()
	p.process.Stop()
}

// KillNow is part of pool.Client.
func (p *program) KillNow() {
	p.mu.Lock()
	ending := p.ending || p.checked || p.cancelled != nil
	p.mu.Unlock()
	if ending {
		p.process.Kill()
	}
}

// Settle is part of pool.Client. It has nothing to do: a reply makes a job Done.
func (p *program) Settle() {}

// Dismiss is part of pool.Client.
func (p *program) Dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dismiss(p.starter.Spec.Leave, p.process.Stop)
}

// dismiss ends the program's input, and calls late when it takes too long to end. The lock is held.
func (p *program) dismiss(most time.Duration, late func()) {
	if p.bye {
		return
	}
	p.bye = true
	p.process.Dismiss()
	p.out.Close()
	p.leaving = time.AfterFunc(most, late)
}

// errSilent is the error of an item whose program ended well instead of replying.
var errSilent = errors.New("the program ended without a reply")

// run serves the program until it is gone.
func (p *program) run(stderr *text.Prefixer) {
	var others sync.WaitGroup
	others.Go(func() {
		p.out.Copy(p.process.Stdin) // it will not answer what it does not read
		p.process.Stdin.Close()
	})
	others.Go(func() {
		p.process.Wait()
		// Its leftovers may keep its output open for ever.
		const linger = 100 * time.Millisecond
		p.process.Stdout.SetReadDeadline(time.Now().Add(linger))
	})
	why := p.read()
	p.worker.Leave()
	p.out.Close()
	head := p.abandon()
	p.end(why)
	res := p.process.Wait()
	others.Wait()
	p.process.Stdout.Close()
	stderr.Flush()
	how := res.Failure()
	if head != nil {
		p.worker.Done(head, p.blame(res, why))
	}
	p.mu.Lock()
	bye, ending := p.bye, p.ending
	if p.leaving != nil {
		p.leaving.Stop()
	}
	p.mu.Unlock()
	surplus := errors.Is(why, errSurplus)
	p.starter.judge(p.replies, surplus, bye && !ending && head == nil && !surplus && how == nil)
	switch {
	case surplus && head == nil:
		p.starter.fail(&OutOfStepError{Worker: p.worker.Number, Name: p.starter.Spec.Name})
	case surplus && p.replies.Jobs > 0:
		p.starter.Warn(fmt.Sprintf("worker %d: %s: %v; fanout takes back its %s and counts the jobs as lost",
			p.worker.Number, text.Name(p.starter.Spec.Name), errSurplus, text.Plural(p.replies.Jobs, "reply", "replies")))
	case bye && !ending && head == nil && how != nil:
		if used := p.process.OverMemory(); used > 0 {
			how = fmt.Errorf("over its memory limit (%w)", process.MemoryError(used, p.starter.Supervisor.Memory()))
		}
		p.starter.Warn(fmt.Sprintf("worker %d: %s: %v after its last reply", p.worker.Number, text.Name(p.starter.Spec.Name), how))
	}
	if bye && head == nil {
		p.worker.Gone(nil)
		return
	}
	p.worker.Gone(cause(why, how))
}

// cause returns why a program has ended: reading ended with why, and the process as how says.
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

// abandon returns to the pool all items that the program cannot be blamed for, and to the caller the oldest, for which
// it can.
func (p *program) abandon() (head *pool.Task) {
	p.mu.Lock()
	items := p.items
	p.items, p.finished = nil, true
	for _, t := range []*time.Timer{p.first, p.warm} {
		if t != nil {
			t.Stop()
		}
	}
	if len(items) > 0 && (p.cancelled == nil || p.cancelled == items[0] || p.ending) {
		head, items = items[0], items[1:]
	}
	p.mu.Unlock()
	for _, t := range slices.Backward(items) {
		p.worker.Return(t)
	}
	return head
}

// end ends a program that may still run. A program that has closed its output gets a moment to end by itself, so that
// its exit status is known.
func (p *program) end(why error) {
	const moment = time.Second
	if !errors.Is(why, io.EOF) {
		p.process.Kill()
		return
	}
	p.mu.Lock()
	bye := p.bye
	p.mu.Unlock()
	if !bye { // otherwise it has as long as Leave says
		kill := time.AfterFunc(moment, p.process.Kill)
		defer kill.Stop()
	}
	p.process.Wait()
}

// blame returns the outcome of the item that a program did not answer.
func (p *program) blame(res process.Result, why error) job.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := job.Status{Program: p.number, Usage: job.Usage{User: res.User, System: res.System, MaxRSS: res.MaxRSS}}
	switch {
	case p.process.OverMemory() > 0:
		st.Outcome, st.Err = job.OverMemory, process.MemoryError(p.process.OverMemory(), p.starter.Supervisor.Memory())
	case p.ending, p.cancelled != nil:
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
