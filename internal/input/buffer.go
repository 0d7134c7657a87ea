package input

import "io"

const (
	bufferSize = 64 << 10 // the size of a pipe: more can seldom be read at once
	bufferKept = 1 << 20  // a buffer that one item made larger than this is freed after it
)

// buffer holds bytes that are read but not split yet. It grows to the size of the longest item.
type buffer struct {
	from io.Reader
	buf  []byte
	r, w int // buf[r:w] is unread
	err  error
}

func (b *buffer) data() []byte { return b.buf[b.r:b.w] }

func (b *buffer) skip(n int) { b.r += n }

// more adds the bytes of one read to data. The error is the reader's; it comes after all bytes, and stays: a
// terminal is not read again after an end of file.
func (b *buffer) more() error {
	if b.err != nil {
		return b.err
	}
	b.makeRoom()
	n, err := b.from.Read(b.buf[b.w:])
	b.w += n
	b.err = err
	if n > 0 {
		return nil
	}
	return err
}

// makeRoom moves the unread bytes to the front. An unread byte is moved at most once for each doubling and
// once for the start of its item, so the cost is linear however small the reads are.
func (b *buffer) makeRoom() {
	held := b.data()
	switch {
	case len(held) == len(b.buf):
		b.buf = make([]byte, max(bufferSize, 2*len(held)))
	case len(b.buf) > bufferKept && len(held) < bufferSize && b.r > 0:
		b.buf = make([]byte, bufferSize)
	case b.r == 0:
		return
	}
	b.r, b.w = 0, copy(b.buf, held)
}
