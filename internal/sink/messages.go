package sink

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// Messages takes what fanout itself says on standard error: warnings, what runs, the summary. It is written at once if
// the reader takes it. If not, it is kept, and a goroutine waits for the reader, since the writer may have jobs to look
// after. Any goroutine may use it.
//
// After Stop, a reader that takes nothing is given up, as by a File.
type Messages struct {
	out *os.File

	mu      sync.Mutex // guards these
	less    sync.Cond  // some was taken
	rest    []byte     // what is not taken yet, without what the goroutine writes now
	writing bool       // the goroutine runs
	err     error      // of the first write that failed: all later messages are dropped
	plain   bool       // the system refuses what a File needs: writes wait for their reader

	file    atomic.Pointer[File] // made for the first message
	stopped atomic.Bool
	pending atomic.Int64 // bytes that are not taken yet
}

// waitingMax is how many bytes may wait for the reader before Write waits, too.
const waitingMax = 64 << 10

// NewMessages returns Messages that are written to out, which stays open.
func NewMessages(out *os.File) *Messages {
	m := &Messages{out: out}
	m.less.L = &m.mu
	return m
}

// Write takes all of p. It waits while much waits for the reader, so that a log does not fill the memory.
func (m *Messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.err == nil && m.pending.Load() > waitingMax {
		m.less.Wait()
	}
	m.add(p)
	return len(p), m.err
}

// Hasty returns a writer for the same that never waits.
func (m *Messages) Hasty() io.Writer { return hasty{m} }

type hasty struct{ m *Messages }

func (h hasty) Write(p []byte) (int, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.m.add(p)
	return len(p), h.m.err
}

// Full reports whether Write would wait.
func (m *Messages) Full() bool { return m.pending.Load() > waitingMax }

// Pending reports whether something is not taken yet.
func (m *Messages) Pending() bool { return m.pending.Load() > 0 }

// add writes or keeps all of p. It is called with the lock held.
func (m *Messages) add(p []byte) {
	if m.err == nil && !m.plain {
		m.open()
	}
	if m.plain {
		if m.err == nil {
			_, m.err = m.out.Write(p)
		}
		return
	}
	for !m.writing && m.err == nil && len(p) > 0 {
		n, full, err := m.file.Load().TryWrite(p)
		p = p[n:]
		if m.err = err; full {
			m.writing = true
			go m.wait() // until all is taken; Close waits for that
		}
	}
	if m.err == nil {
		m.rest = append(m.rest, p...)
		m.pending.Add(int64(len(p)))
	}
}

// open makes the File.
func (m *Messages) open() {
	if m.file.Load() != nil {
		return
	}
	f, err := NewFile(int(m.out.Fd()), "standard error")
	if err != nil {
		m.plain = true
		return
	}
	m.file.Store(f)
	if m.stopped.Load() {
		f.Stop()
	}
}

// wait is the goroutine: it writes what was not taken at once.
func (m *Messages) wait() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.rest) > 0 {
		p := m.rest
		m.rest = nil
		m.mu.Unlock()
		err := m.file.Load().writeAll(p)
		m.mu.Lock()
		m.pending.Add(-int64(len(p)))
		if err != nil {
			m.err, m.rest = err, nil
			m.pending.Store(0)
		}
		m.less.Broadcast()
	}
	m.writing = false
	m.less.Broadcast()
}

// Stop lets nobody wait long for a reader that takes nothing.
func (m *Messages) Stop() {
	m.stopped.Store(true)
	if f := m.file.Load(); f != nil {
		f.Stop()
	}
}

// Moved returns how many bytes were taken so far.
func (m *Messages) Moved() int64 {
	if f := m.file.Load(); f != nil {
		return f.Moved()
	}
	return 0
}

// Close returns when everything is taken, or given up. The error is that of the first write that failed.
func (m *Messages) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.writing {
		m.less.Wait()
	}
	if f := m.file.Load(); f != nil {
		f.Close()
	}
	if m.err == nil {
		m.err = os.ErrClosed // for what comes later
		return nil
	}
	return m.err
}
