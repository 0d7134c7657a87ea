package collect

import (
	"bytes"
	"strings"

	"fanout/internal/job"
	"fanout/internal/sink"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// stream is one of a running job's two outputs. Its methods are called by the
// job's slot.
type stream struct {
	e      *entry
	number int // 0 for standard output, 1 for standard error
	held   held
	tail   tail   // of standard error
	tag    []byte // what each line begins with, nil for nothing
	free   int64  // how much may be spilled before waiting is tried again
	inLine bool   // the last byte was not the end of a line
	cut    bool   // some of it was dropped, since the run is being stopped
	tagged []byte // a scratch buffer
}

// held is output that is waiting for its turn: first what is spilled, then what
// is in memory.
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

// appendTag adds the job's items and a tab. A newline within an item is written as
// \n, since a tag that broke the line would defeat its purpose.
func appendTag(tag []byte, j job.Job) []byte {
	for i, it := range j.Items {
		if i > 0 {
			tag = append(tag, ' ')
		}
		tag = append(tag, strings.ReplaceAll(it.String(), "\n", `\n`)...)
	}
	return append(tag, '\t')
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
		m.give(h.buf)
		h.buf = nil
	case backlog > 64 && len(h.buf) >= 512 && m.over():
		if e, err := s.e.c.spill.store(h.buf); err == nil {
			m.give(h.buf)
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
	err := s.holdAndSettle(p)
	for err == unix.EAGAIN {
		err = s.Settle()
	}
	return len(p), err
}

func (s *stream) holdAndSettle(p []byte) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if err := s.put(p); err != nil {
		return err
	}
	return s.relieve()
}

// Hold is part of process.Holder.
func (s *stream) Hold(p []byte) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.put(p)
}

// Settle is part of process.Holder.
func (s *stream) Settle() error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.relieve()
}

// ReadPipe takes what a pipe holds, or waits a moment for that to be possible. It
// implements process.PipeReader.
func (s *stream) ReadPipe(fd int) (int, error) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if err := s.relieve(); err != nil {
		return 0, err
	}
	if s.e.live && s.plain() && s.held.empty() {
		if n, ok, err := s.splice(fd); ok {
			return n, err
		}
	}
	if s.direct() || !s.plain() {
		return s.readThrough(fd, s.put)
	}
	return s.fill(fd)
}

// relieve brings on its way what was read from the job and not taken yet. It waits
// a moment at most, so that the job can be ended meanwhile; EAGAIN means that there
// is still some.
func (s *stream) relieve() error {
	switch {
	case s.e.c.byLines():
		return s.e.c.settleLines(s.number)
	case s.e.live && !s.held.empty():
		return s.passHeld()
	case !s.direct() && len(s.held.buf) > lastBuffer:
		return s.makeRoom()
	default:
		return nil
	}
}

// readThrough reads from the pipe by way of a buffer.
func (s *stream) readThrough(fd int, put func([]byte) error) (int, error) {
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	n, err := sysio.Read(fd, buf[:])
	if n == 0 || err != nil {
		return 0, err
	}
	return n, put(buf[:n])
}

// plain says that the bytes go out as they come in, and nobody wants to see them.
func (s *stream) plain() bool { return s.tag == nil && s.number == 0 && s.e.c.spec.Mode != Line }

// direct says that the slot may write.
func (s *stream) direct() bool { return s.e.live || s.e.c.byLines() }

// splice moves from the pipe to our output without a copy.
func (s *stream) splice(fd int) (n int, ok bool, err error) {
	file := s.e.c.files[s.number]
	n, ok, err = file.Splice(fd)
	if err == unix.EAGAIN {
		// The output is full. When the run is stopped while it is, the job's last
		// words are held until it has ended.
		if file.Await() == sink.ErrStopped {
			n, err = s.readThrough(fd, s.holdAnyway)
		}
		return n, ok, err
	}
	if err != nil {
		s.e.c.fail(err)
	}
	return n, ok, err
}

// fill reads from the pipe into what is held.
func (s *stream) fill(fd int) (int, error) {
	if s.outgrown() && s.awaitTurn() {
		return 0, unix.EAGAIN
	}
	if err := s.makeRoom(); err != nil {
		return 0, err
	}
	if s.direct() { // since it had to wait for room
		return 0, unix.EAGAIN
	}
	buf := s.held.buf
	n, err := sysio.Read(fd, buf[len(buf):cap(buf)])
	if n == 0 || err != nil {
		return 0, err
	}
	s.held.buf = buf[:len(buf)+n]
	return n, nil
}

func (s *stream) put(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if s.e.c.failed.Load() {
		return errDropped
	}
	if s.number == 1 {
		s.tail.add(p)
	}
	if s.tag != nil {
		p = s.withTags(p)
	}
	s.inLine = p[len(p)-1] != '\n'
	if s.e.c.byLines() {
		return s.putLines(p)
	}
	for len(p) > 0 {
		var n int
		var err error
		if s.e.live {
			n, err = s.pass(p)
		} else {
			n, err = s.hold(p)
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
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

// pass writes to our output, which is lent to the job. What it does not take now
// is held.
func (s *stream) pass(p []byte) (int, error) {
	if s.held.empty() {
		n, err := s.e.c.files[s.number].TryWrite(p)
		if err == nil {
			return n, nil
		}
		if err != unix.EAGAIN {
			s.e.c.fail(err)
			return n, err
		}
	}
	return len(p), s.holdAnyway(p)
}

// passHeld writes what is held of a job that the stream is lent to. After a stop
// that is left for its end.
func (s *stream) passHeld() error {
	file := s.e.c.files[s.number]
	buf := s.held.buf
	n, err := file.TryWrite(buf)
	if err == unix.EAGAIN && file.Await() == sink.ErrStopped {
		return nil
	}
	if err != nil && err != unix.EAGAIN {
		s.e.c.fail(err)
	}
	if err != nil {
		return err
	}
	s.held.buf = buf[:copy(buf, buf[n:])]
	if n < len(buf) {
		return unix.EAGAIN
	}
	return nil
}

// holdAnyway keeps the last words of a job that is being stopped while nobody
// takes its output. One that has more to say by then is cut off.
func (s *stream) holdAnyway(p []byte) error {
	if len(s.held.buf) > lastBuffer {
		s.cut = true
		return errDropped
	}
	s.holdMore(p)
	return nil
}

// holdMore keeps p, however much that is.
func (s *stream) holdMore(p []byte) {
	before := cap(s.held.buf)
	s.held.buf = append(s.held.buf, p...)
	s.e.c.memory.used.Add(int64(cap(s.held.buf) - before))
}
