// Memory: the buffers for held output, and their bound.

package collect

import (
	"sync"
	"sync/atomic"
)

// memory bounds what all buffers take together, and keeps a few of them for reuse.
type memory struct {
	used atomic.Int64

	mu   sync.Mutex
	free [][]byte // of firstBuffer bytes each
}

const (
	firstBuffer = 4 << 10
	lastBuffer  = 256 << 10 // a stream that outgrows this is spilled
	memoryCap   = 32 << 20
	keepBuffers = 256
)

// tight reports whether what waits to be written takes a good part of the bound.
func (m *memory) tight() bool { return m.used.Load() > memoryCap/2 }

// over reports whether no more may be held.
func (m *memory) over() bool { return m.used.Load() > memoryCap }

// take returns an empty buffer of the least size. A stream always gets one, or its job could not go on.
func (m *memory) take() []byte {
	m.used.Add(firstBuffer)
	m.mu.Lock()
	defer m.mu.Unlock()
	if last := len(m.free) - 1; last >= 0 {
		b := m.free[last]
		m.free = m.free[:last]
		return b
	}
	return make([]byte, 0, firstBuffer)
}

// grow moves buf into a buffer four times as large, if that is allowed.
func (m *memory) grow(buf []byte) ([]byte, bool) {
	size := 4 * cap(buf)
	if size > lastBuffer {
		return buf, false
	}
	if m.used.Add(int64(size)) > memoryCap {
		m.used.Add(-int64(size))
		return buf, false
	}
	grown := append(make([]byte, 0, size), buf...)
	m.release(buf)
	return grown, true
}

// shrink moves buf into as little memory as it needs.
func (m *memory) shrink(buf []byte) []byte {
	if len(buf) > cap(buf)/2 {
		return buf
	}
	small := append(make([]byte, 0, len(buf)), buf...)
	m.used.Add(int64(cap(small)))
	m.release(buf)
	return small
}

// release takes a buffer back.
func (m *memory) release(buf []byte) {
	m.used.Add(-int64(cap(buf)))
	if cap(buf) != firstBuffer {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < keepBuffers {
		m.free = append(m.free, buf[:0])
	}
}
