package worker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// headerSize is the size of a frame's header. A frame is a header and a body:
//
//	length   4 bytes  of the body
//	number   4 bytes  of the frame: 0, 1, 2, … in each direction, modulo 2³²
//	body     4 bytes  CRC-32C of the body
//	header   4 bytes  CRC-32C of the twelve bytes before
//	body     its kind, one byte, and what belongs to the kind
//
// All numbers are little-endian. A frame that was lost, doubled or changed on its way is detected, and ends the worker:
// what came before it still holds.
const headerSize = 16

// maxBody is the largest length that a frame may claim.
const maxBody = 1 << 30

// checksum returns the CRC-32C. Its table is made when it is first needed: it would cost every start of fanout 0.2 ms,
// in guardian and runner.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// kind is the first byte of a body. The comments say which side sends a frame, and what it says.
type kind byte

const (
	_             kind = iota
	kindHello          // worker: who it is
	kindSetup          // runner: what all jobs have in common
	kindRefused        // worker: why it cannot work with the setup
	kindRun            // runner: a job
	kindStarted        // worker: the job has begun
	kindOutput         // worker: bytes that the job has printed
	kindMore           // runner: how many more bytes it may print
	kindDone           // worker: the job's outcome
	kindRecall         // runner: give the job back if it has not begun
	kindReturned       // worker: here it is
	kindCancel         // runner: end the job
	kindStop           // runner: end all jobs and their leftovers
	kindKill           // runner: end them at once, without grace
	kindSuspend        // runner: suspend all jobs
	kindResume         // runner: resume them
	kindPing           // runner: are you there?
	kindPong           // worker: yes
	kindBye            // runner: nothing more comes
	kindLeftovers      // worker: how many leftovers its jobs have; its last frame
	kindEnded          // worker: the job has ended well, as far as it knows; kindDone follows when it is sure
	kindSettle         // runner: all jobs have ended
	kindEnding         // worker: a signal ends it; jobs that are not done are in doubt
)

// beginFrame appends room for the header, and the kind. The rest of the body follows, and then endFrame.
func beginFrame(b []byte, k kind) []byte {
	return append(append(b, make([]byte, headerSize)...), byte(k))
}

// endFrame completes the frame that begins at start.
func endFrame(b []byte, start int, number uint32) {
	header, body := b[start:start+headerSize], b[start+headerSize:]
	binary.LittleEndian.PutUint32(header[0:], uint32(len(body)))
	binary.LittleEndian.PutUint32(header[4:], number)
	binary.LittleEndian.PutUint32(header[8:], checksum(body))
	binary.LittleEndian.PutUint32(header[12:], checksum(header[:12]))
}

// ErrBroken is in the errors of bytes that the other side cannot have sent.
var ErrBroken = errors.New("the connection to the worker is broken")

// errCut is the end of the connection within a frame.
var errCut = fmt.Errorf("%w: it ends within a frame: %w", ErrBroken, io.EOF)

// broken makes an ErrBroken that says what is wrong.
func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// frames reads frames of one direction.
type frames struct {
	r    *bufio.Reader
	next uint32
	buf  []byte
}

func newFrames(r io.Reader) *frames { return &frames{r: bufio.NewReaderSize(r, 64<<10)} }

// ready reports whether the next frame can be read without waiting.
func (f *frames) ready() bool {
	if f.r.Buffered() < headerSize {
		return false
	}
	header, _ := f.r.Peek(headerSize)
	return f.r.Buffered()-headerSize >= int(binary.LittleEndian.Uint32(header))
}

// read returns the next frame. Its body is valid until the next call. io.EOF is an end between two frames.
func (f *frames) read() (kind, []byte, error) {
	header, err := f.r.Peek(headerSize)
	if err != nil {
		if err == io.EOF && len(header) > 0 {
			return 0, nil, errCut
		}
		return 0, nil, err
	}
	length := int(binary.LittleEndian.Uint32(header[0:]))
	number := binary.LittleEndian.Uint32(header[4:])
	sum := binary.LittleEndian.Uint32(header[8:])
	switch {
	case checksum(header[:12]) != binary.LittleEndian.Uint32(header[12:]):
		return 0, nil, broken("these bytes do not begin a frame")
	case number != f.next:
		return 0, nil, broken("frame %d comes where %d is expected", number, f.next)
	case length == 0 || length > maxBody:
		return 0, nil, broken("a frame of %d bytes", length)
	}
	f.next++
	f.r.Discard(headerSize)
	body, err := f.body(length)
	if err != nil {
		return 0, nil, err
	}
	if checksum(body) != sum {
		return 0, nil, broken("a frame was changed on its way")
	}
	return kind(body[0]), body[1:], nil
}

// body reads a body. It takes memory as the bytes come, whatever length the frame claims.
func (f *frames) body(length int) ([]byte, error) {
	const atOnce = 1 << 20
	f.buf = f.buf[:0]
	for len(f.buf) < length {
		n := min(length-len(f.buf), atOnce)
		at := len(f.buf)
		f.buf = append(f.buf, make([]byte, n)...)
		if _, err := io.ReadFull(f.r, f.buf[at:]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = errCut
			}
			return nil, err
		}
	}
	body := f.buf
	if cap(f.buf) > atOnce {
		f.buf = nil
	}
	return body, nil
}
