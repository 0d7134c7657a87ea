package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"
)

// check reads a program's whole stdout and says whether these are the right bytes. Time spent here holds the program
// back, so each check is as cheap as its question allows, and all programs of a work have the same one.
type check func(*stream) error

const blockSize = 1 << 20

func nothing(s *stream) error {
	p := make([]byte, 256)
	n, err := s.Read(p)
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("printed %q, but nothing was expected", p[:n])
}

// blocks calls use for each block that can be read.
func blocks(r io.Reader, use func([]byte) error) error {
	block := make([]byte, blockSize)
	for {
		n, err := r.Read(block)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := use(block[:n]); err != nil {
			return err
		}
	}
}

// tally is a fingerprint of a set of numbers that costs less than sorting them.
type tally struct{ count, sum, squares uint64 }

func (t *tally) add(n uint64) {
	t.count++
	t.sum += n
	t.squares += n * n
}

// numbers expects the lines 1 to n, each once: in this order, or in any.
func numbers(n int, ordered bool) check {
	return func(s *stream) error { return checkNumbers(s, n, ordered) }
}

func checkNumbers(r io.Reader, n int, ordered bool) error {
	var got, want tally
	var number uint64
	digits := 0
	err := blocks(r, func(block []byte) error {
		for _, c := range block {
			switch {
			case c >= '0' && c <= '9' && digits < 18:
				number = number*10 + uint64(c-'0')
				digits++
			case c == '\n' && digits > 0:
				got.add(number)
				if ordered && number != got.count {
					return fmt.Errorf("line %d is %d", got.count, number)
				}
				number, digits = 0, 0
			default:
				return fmt.Errorf("byte %q after line %d", c, got.count)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range uint64(n) {
		want.add(i + 1)
	}
	if digits > 0 || got != want {
		return fmt.Errorf("printed %d whole lines with the sum %d, not %d lines with the sum %d",
			got.count, got.sum, want.count, want.sum)
	}
	return nil
}

// sameLines expects the lines of want in any order.
func sameLines(want []byte) check {
	expected := fingerprint(want)
	return func(s *stream) error {
		got, err := io.ReadAll(s)
		if err != nil {
			return err
		}
		if fingerprint(got) != expected {
			return fmt.Errorf("printed %d lines, %d bytes, not the %d lines, %d bytes expected",
				bytes.Count(got, []byte("\n")), len(got), bytes.Count(want, []byte("\n")), len(want))
		}
		return nil
	}
}

func fingerprint(text []byte) [sha256.Size]byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return sha256.Sum256(bytes.Join(lines, nil))
}

// byteCount expects size bytes, whatever they are.
func byteCount(size int64) check {
	return func(s *stream) error {
		null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		got, err := s.count(null)
		if err := errors.Join(err, unix.Close(null)); err != nil {
			return err
		}
		if got != size {
			return fmt.Errorf("printed %d bytes, not %d", got, size)
		}
		return nil
	}
}

// runs expects, in any order, one unbroken run of size bytes for each letter.
func runs(letters string, size int) check {
	return func(s *stream) error { return checkRuns(s, letters, size) }
}

func checkRuns(r io.Reader, letters string, size int) error {
	var current byte
	length := 0
	same := make([]byte, blockSize)
	left := []byte(letters)
	err := blocks(r, func(block []byte) error {
		for len(block) > 0 {
			if length == 0 {
				current = block[0]
				i := bytes.IndexByte(left, current)
				if i < 0 {
					return fmt.Errorf("a second run, or a stray byte: %q", current)
				}
				left = slices.Delete(left, i, i+1)
				copy(same, bytes.Repeat([]byte{current}, blockSize))
			}
			n := min(len(block), size-length)
			if !bytes.Equal(block[:n], same[:n]) {
				return fmt.Errorf("something is mixed into the run of %q, after %d bytes of it or more", current, length)
			}
			length = (length + n) % size
			block = block[n:]
		}
		return nil
	})
	if err == nil && (length != 0 || len(left) != 0) {
		err = fmt.Errorf("the output ends %d bytes into the run of %q, without any of %q", length, current, left)
	}
	return err
}
