package worker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A frame is a header and a body:
//
//	length   4 bytes  of the body
//	number   4 bytes  of the frame: 0, 1, 2, … in each direction, modulo 2³²
//	body     4 bytes  CRC-32C of the body
//	header   4 bytes  CRC-32C of the twelve bytes before
//	body     its kind, one byte, and what belongs to the kind
//
// All numbers are little-endian. A frame that was lost, doubled or changed on its way is
// found out, and ends the worker: what came before it still holds.
const headerSize = 16

// maxBody bounds what one frame may claim to hold.
const maxBody = 1 << 30

// checksum is CRC-32C. Its table is made when it is first needed: at every start of fanout, it
// would be 0.2 ms, in guardian and runner.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// kind is the first byte of a body.
type kind byte

const (
	_            kind = iota
	kindHello         // worker: who it is
	kindSetup         // runner: what all jobs have in common
	kindRefused       // worker: the setup is nothing that it can work with
	kindRun           // runner: a job
	kindStarted       // worker: the job has begun
	kindOutput        // worker: bytes that it has printed
	kindMore          // runner: how many more it may print
	kindDone          // worker: how it has ended
	kindRecall        // runner: the job is wanted back if it has not begun
	kindReturned      // worker: here it is
	kindCancel        // runner: the job is to end
	kindStop          // runner: all is to end
	kindKill          // runner: at once
	kindSuspend       // runner: all jobs are to be stopped for now
	kindResume        // runner: and are to go on
	kindPing          // runner: are you there
	kindPong          // worker: yes
	kindBye           // runner: nothing more comes
	kindLeft          // worker: how many processes jobs have left behind; its last word
	kindEnded         // worker: the job has ended well, as far as it knows; it is sure with kindDone
	kindSettle        // runner: all jobs have ended
	kindEnding        // worker: a signal ends it; what is not done is in doubt
)

// beginFrame makes room for the header and puts the kind. The body follows, and then
// endFrame.
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

// ErrBroken is bytes that are not what the other side can have sent.
var ErrBroken = errors.New("the connection to the worker is broken")

// errCut is an end within a frame.
var errCut = fmt.Errorf("%w: it ends within a frame: %w", ErrBroken, io.EOF)

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// frames reads frames.
type frames struct {
	r    *bufio.Reader
	next uint32
	buf  []byte
}

func newFrames(r io.Reader) *frames { return &frames{r: bufio.NewReaderSize(r, 64<<10)} }

// ready says that the next frame has come as a whole.
func (f *frames) ready() bool {
	if f.r.Buffered() < headerSize {
		return false
	}
	header, _ := f.r.Peek(headerSize)
	return f.r.Buffered()-headerSize >= int(binary.LittleEndian.Uint32(header))
}

// read returns the next frame. Its body is good until the next call. io.EOF is an end
// between two frames.
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
		return 0, nil, broken("what should be the beginning of a frame is none")
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

// body reads so many bytes. Memory is taken as they come.
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
