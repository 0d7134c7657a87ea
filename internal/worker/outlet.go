package worker

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"fanout/internal/job"
	"fanout/internal/outbox"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// window is how many bytes of a job's output may be on their way. Those for which the runner has no room yet wait in
// the job's pipe, and no other job waits for them.
const window = 256 << 10

// credit counts how many more bytes a job may send.
type credit struct {
	mu   sync.Mutex
	left int64
	more chan struct{} // closed when left has grown; nil unless somebody waits, which is rare
}

func (c *credit) give(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left += n
	if c.more != nil {
		close(c.more)
		c.more = nil
	}
}

// grown returns a channel that is closed as soon as there is credit.
func (c *credit) grown() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.left > 0:
		now := make(chan struct{})
		close(now)
		return now
	case c.more == nil:
		c.more = make(chan struct{})
	}
	return c.more
}

// have returns the credit.
func (c *credit) have() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left
}

func (c *credit) spend(n int) {
	c.mu.Lock()
	c.left -= int64(n)
	c.mu.Unlock()
}

// outlet is one output of a job, on its way to the runner.
type outlet struct {
	s      *server
	a      *assigned
	number byte   // 0 for standard output, 1 for standard error
	held   []byte // what fanout prints for the job and may not send yet
}

// Write sends all of p.
func (o *outlet) Write(p []byte) (int, error) {
	if len(o.held) == 0 && int64(len(p)) <= min(o.a.credit.have(), outbox.Plenty) {
		o.send(p)
		return len(p), o.Settle()
	}
	o.Hold(p)
	err := o.Settle()
	for err == unix.EAGAIN {
		err = o.Settle()
	}
	return len(p), err
}

// Hold is part of process.Holder.
func (o *outlet) Hold(p []byte) error {
	o.held = append(o.held, p...)
	return nil
}

// Settle is part of process.Holder.
func (o *outlet) Settle() error {
	for len(o.held) > 0 {
		n := min(o.a.credit.have(), int64(len(o.held)), outbox.Plenty)
		if n == 0 {
			return o.await()
		}
		o.send(o.held[:n])
		o.held = o.held[:copy(o.held, o.held[n:])]
	}
	if !o.s.free {
		o.s.flush()
	}
	return nil
}

// ReadPipe sends what a pipe holds, or waits a moment until it may. It is part of process.PipeReader.
func (o *outlet) ReadPipe(fd int) (int, error) {
	if len(o.held) > 0 {
		if err := o.Settle(); err != nil {
			return 0, err
		}
	}
	n := min(o.a.credit.have(), outbox.Plenty)
	if n == 0 {
		return 0, o.await()
	}
	buf := readBuffers.Get().(*[outbox.Plenty]byte)
	defer readBuffers.Put(buf)
	got, err := sysio.Read(fd, buf[:n])
	if got == 0 || err != nil {
		return 0, err
	}
	o.send(buf[:got])
	o.s.flush()
	return got, nil
}

var readBuffers = sync.Pool{New: func() any { return new([outbox.Plenty]byte) }}

// await waits a moment for more credit, and returns EAGAIN. It fails when the runner is gone.
func (o *outlet) await() error {
	const moment = 20 * time.Millisecond
	o.s.flush()
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-o.a.credit.grown():
	case <-timer.C:
	case <-o.s.gone:
		return ErrRunnerGone
	}
	return unix.EAGAIN
}

// send sends output as a frame.
func (o *outlet) send(p []byte) {
	o.a.credit.spend(len(p))
	o.s.send(kindOutput, func(b []byte) []byte {
		return append(append(binary.AppendUvarint(b, o.a.id), o.number), p...)
	})
}

// given is an output of the run that jobs write to themselves: it is a process.Inheritable. Write takes what fanout
// prints in their stead; what cannot be written goes to the runner, which will say why.
type given struct {
	outlet
	fd      int
	refused bool      // writes fail
	since   time.Time // when the reader was first seen to take nothing, after a stop
}

func (g *given) Fd() int { return g.fd }

func (g *given) Write(p []byte) (int, error) {
	g.Hold(p)
	err := g.Settle()
	for err == unix.EAGAIN {
		err = g.Settle()
	}
	return len(p), err
}

// Settle is part of process.Holder. Other processes share the description, so it cannot be made non-blocking; but where
// poll reports room, there is as much as a pipe takes in one piece.
func (g *given) Settle() error {
	const moment, piece = 20, 4096
	for !g.refused && len(g.held) > 0 {
		polls := []unix.PollFd{{Fd: int32(g.fd), Events: unix.POLLOUT}}
		if sysio.Poll(polls, moment); polls[0].Revents == 0 {
			return g.wait()
		}
		g.since = time.Time{}
		n, err := sysio.Write(g.fd, g.held[:min(len(g.held), piece)])
		g.held = g.held[:copy(g.held, g.held[n:])]
		g.refused = err != nil && err != unix.EINTR
	}
	return g.outlet.Settle()
}

// wait is called when the reader takes nothing at the moment. It returns EAGAIN, or gives the reader up, as the runner
// does after a stop.
func (g *given) wait() error {
	const patience = 250 * time.Millisecond
	switch {
	case g.s.runnerGone():
		return ErrRunnerGone
	case g.s.ctx.Err() == nil:
	case g.since.IsZero():
		g.since = time.Now()
	case time.Since(g.since) > patience:
		return errUnread
	}
	return unix.EAGAIN
}

// errUnread ends what fanout would print in a job's stead, after a stop.
var errUnread = errors.New("the reader of the output takes no more")

// output returns what the job writes to.
func (a *assigned) output() job.Output {
	var w [2]io.Writer
	for i := range w {
		if to := &a.outlets[i]; to.fd > 0 {
			w[i] = to
		} else {
			w[i] = &to.outlet
		}
	}
	return job.Output{Stdout: w[0], Stderr: w[1]}
}
