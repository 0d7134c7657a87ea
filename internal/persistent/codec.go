package persistent

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Protocol says how items and replies are delimited.
type Protocol uint8

// The protocols.
const (
	Lines  Protocol = iota // each ends with a newline
	Nulls                  // each ends with a NUL
	Frames                 // each begins with its length: 4 bytes, big-endian
)

// maxReply is the largest length that a frame may claim: a program that prints text claims more.
const maxReply = 1 << 30

// check returns why an item cannot be sent.
func (p Protocol) check(item string) error {
	switch {
	case p == Lines && strings.Contains(item, "\n"):
		return fmt.Errorf("the item has a newline in it: a persistent program gets items as lines; use -0 or --frames")
	case p == Nulls && strings.Contains(item, "\x00"):
		return fmt.Errorf("the item has a NUL in it: use --frames")
	case p == Frames && len(item) > maxReply:
		return fmt.Errorf("the item is longer than the %d bytes that a frame can hold", maxReply)
	default:
		return nil
	}
}

// appendItem appends an item as the program gets it.
func (p Protocol) appendItem(b []byte, item string) []byte {
	switch p {
	case Lines:
		return append(append(b, item...), '\n')
	case Nulls:
		return append(append(b, item...), 0)
	default:
		return append(binary.BigEndian.AppendUint32(b, uint32(len(item))), item...)
	}
}

// cut takes the first reply off b, as it is shown, with its end. n is its length with all that belongs to it; 0: it has
// not come as a whole.
func (p Protocol) cut(b []byte) (reply []byte, n int, err error) {
	if p == Frames {
		if len(b) < 4 {
			return nil, 0, nil
		}
		size := int(binary.BigEndian.Uint32(b))
		if size > maxReply {
			return nil, 0, fmt.Errorf("a frame of %d bytes: each reply must begin with its length, 4 bytes, big-endian; got %q", size, b[:4])
		}
		if len(b) < 4+size {
			return nil, 0, nil
		}
		return b[4 : 4+size], 4 + size, nil
	}
	end := byte('\n')
	if p == Nulls {
		end = 0
	}
	i := bytes.IndexByte(b, end)
	if i < 0 {
		return nil, 0, nil
	}
	return b[:i+1], i + 1, nil
}
