// The slot's side: a job's bytes are taken from a buffer or a pipe, and then sent, held, or split into lines.

package collect

import (
	"bytes"
	"errors"
	"strings"
	"sync"

	"fanout/internal/job"
	"fanout/internal/sysio"
)

// readSize is as much as a pipe holds, if it was not enlarged.
const readSize = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// stream is one of a running job's two outputs. The job's slot calls its methods; those in lower case need the entry's
// lock.
type stream struct {
	e      *entry
	number int // 0 for standard output, 1 for standard error
	held   held
	tail   tail   // of standard error
	tag    []byte // each line begins with it; nil for nothing
	free   int64  // how much may be spilled before yield waits again
	inLine bool   // the last byte did not end a line
	cut    bool   // some of it was dropped, since the run is being stopped
	tagged []byte // a scratch buffer
}

// held is output that waits to be written: first what is spilled, then what is in memory.
type held struct {
	spilled []extent
	buf     []byte
	endLine bool // it ends within a line, which is to be completed
}

func (h *held) empty() bool { return len(h.spilled) == 0 && len(h.buf) == 0 }

func (s *stream) reset() {
	s.tail.buf = s.tail.buf[:0]
	s.inLine, s.cut = false, false
	s.held = held{}
	s.free = 0
	if s.e.c.spec.Tag && !s.e.c.spec.Whole {
		s.tag = appendTag(s.tag[:0], s.e.job)
	}
}

// finish gives up what is held.
func (s *stream) finish(backlog int64) held {
	h := s.held
	s.held = held{}
	h.endLine = s.inLine && (s.tag != nil || s.e.c.spec.Mode == Line)
	m := &s.e.c.memory
	switch {
	case h.buf == nil:
	case len(h.buf) == 0:
		m.release(h.buf)
		h.buf = nil
	case backlog > 64 && len(h.buf) >= 512 && m.over():
		if e, err := s.e.c.spill.store(h.buf); err == nil {
			m.release(h.buf)
			h.buf = nil
			h.spilled = append(h.spilled, e)
		}
	case backlog > 64:
		h.buf = m.shrink(h.buf)
	}
	return h
}

// Write takes all of p, unless our own output has failed.
func (s *stream) Write(p []byte) (int, error) {
	got := s.takeAndSettle(p)
	for got == later {
		got = s.takeAndSettle(nil)
	}
	return len(p), got.err()
}

// Hold is part of process.Holder.
func (s *stream) Hold(p []byte) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.take(p).err()
}

// Settle is part of process.Holder.
func (s *stream) Settle() error { return s.takeAndSettle(nil).err() }

func (s *stream) takeAndSettle(p []byte) progress {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if got := s.take(p); got != done {
		return got
	}
	return s.settle()
}

// ReadPipe takes what a pipe holds, or waits a moment until that is possible. It implements process.PipeReader.
func (s *stream) ReadPipe(fd int) (int, error) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if got := s.settle(); got != done {
		return 0, got.err()
	}
	if s.e.state == streaming && s.plain() && s.held.empty() {
		if n, ok, err := s.splice(fd); ok {
			return n, err
		}
	}
	if s.direct() || !s.plain() {
		return s.readThrough(fd)
	}
	return s.fill(fd)
}

// plain reports whether the bytes go out as they come in, and nothing of them is kept.
func (s *stream) plain() bool { return s.tag == nil && s.number == 0 && s.e.c.spec.Mode != Line }

// direct reports whether the slot may write.
func (s *stream) direct() bool { return s.e.state == streaming || s.e.state == lines }

// splice moves bytes from the pipe to our output without a copy, if the output can take them so.
func (s *stream) splice(fd int) (n int, ok bool, err error) {
	file := s.e.c.files[s.number]
	n, full, err := file.Splice(fd)
	switch {
	case err == errors.ErrUnsupported:
		return 0, false, nil
	case err != nil:
		s.e.c.fail(err)
		return 0, true, dropped.err()
	case !full:
		return n, true, nil
	case !file.AwaitMoment():
		return 0, true, later.err()
	default: // the run is being stopped: the job's last words are held until it has ended
		n, err = s.readThrough(fd)
		return n, true, err
	}
}

// readThrough reads from the pipe by way of a buffer.
func (s *stream) readThrough(fd int) (int, error) {
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	n, err := sysio.Read(fd, buf[:])
	if n == 0 || err != nil {
		return 0, err
	}
	return n, s.take(buf[:n]).err()
}

// take accepts all of p: the state says whether it is written or held.
func (s *stream) take(p []byte) progress {
	if len(p) == 0 {
		return done
	}
	if s.e.c.failed.Load() {
		return dropped
	}
	if s.number == 1 {
		s.tail.add(p)
	}
	if s.tag != nil {
		p = s.withTags(p)
	}
	s.inLine = p[len(p)-1] != '\n'
	switch s.e.state {
	case lines:
		return s.takeLines(p)
	case streaming:
		return s.send(p)
	default:
		return s.hold(p)
	}
}

// send writes p on the stream that is lent to the job. What is not taken now is held.
func (s *stream) send(p []byte) progress {
	if !s.held.empty() {
		return s.holdOver(p)
	}
	for len(p) > 0 {
		n, full, err := s.e.c.files[s.number].TryWrite(p)
		if err != nil {
			s.e.c.fail(err)
			return dropped
		}
		if full {
			return s.holdOver(p)
		}
		p = p[n:]
	}
	return done
}

// settle moves on what was taken and is too much to hold, so that more can be taken. It waits a moment at most, so that
// the job can be ended meanwhile.
func (s *stream) settle() progress {
	switch state := s.e.state; {
	case state == lines:
		return s.e.c.settleLines(s.number)
	case state == streaming && !s.held.empty():
		return s.sendHeld()
	case state != streaming && len(s.held.buf) > lastBuffer:
		return s.makeRoom()
	default:
		return done
	}
}

// sendHeld writes what the stream was too full for. After a stop that is left for the job's end.
func (s *stream) sendHeld() progress {
	file := s.e.c.files[s.number]
	buf := s.held.buf
	n, full, err := file.TryWrite(buf)
	switch {
	case err != nil:
		s.e.c.fail(err)
		return dropped
	case full && file.AwaitMoment():
		return done
	}
	s.held.buf = buf[:copy(buf, buf[n:])]
	if n < len(buf) {
		return later
	}
	return done
}

// appendTag adds the job's items and a tab. A newline within an item is written as \n, since a tag that broke the line
// would defeat its purpose.
func appendTag(tag []byte, j job.Job) []byte {
	for i, it := range j.Items {
		if i > 0 {
			tag = append(tag, ' ')
		}
		tag = append(tag, strings.ReplaceAll(it.String(), "\n", `\n`)...)
	}
	return append(tag, '\t')
}

// withTags puts the tag before each line that begins in p.
func (s *stream) withTags(p []byte) []byte {
	s.tagged = s.tagged[:0]
	for inLine := s.inLine; len(p) > 0; inLine = false {
		if !inLine {
			s.tagged = append(s.tagged, s.tag...)
		}
		line := len(p)
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			line = i + 1
		}
		s.tagged = append(s.tagged, p[:line]...)
		p = p[line:]
	}
	return s.tagged
}
