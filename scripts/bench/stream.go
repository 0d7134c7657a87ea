package main

import (
	"errors"
	"io"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	pollEvery = 500 // milliseconds
	// lingerPolls is how often an idle pipe is looked at again after its runner has ended.
	lingerPolls = 10
)

var errHeldOpen = errors.New("the program has ended, but something it left behind still holds its stdout")

// stream is the reading end of a program's stdout. It blocks in poll, not in the Go netpoller, which would wake a
// second thread for each pipe-full and make the harness the slower end.
type stream struct {
	fd    int
	ended atomic.Bool
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if err := s.wait(); err != nil {
		return 0, err
	}
	for {
		n, err := unix.Read(s.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// count moves what is left into sink, /dev/null, without copying it, and says how much that was.
func (s *stream) count(sink int) (int64, error) {
	var total int64
	for {
		if err := s.wait(); err != nil {
			return total, err
		}
		n, err := unix.Splice(s.fd, nil, sink, nil, 1<<20, 0)
		if err != nil && err != unix.EINTR {
			return total, err
		}
		if err == nil && n == 0 {
			return total, nil
		}
		total += max(n, 0)
	}
}

// wait returns when there is something to read, or fails when the writer ended long ago without closing the pipe.
func (s *stream) wait() error {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	for idle := 0; ; {
		n, err := unix.Poll(fds, pollEvery)
		switch {
		case err != nil && err != unix.EINTR:
			return err
		case n > 0:
			return nil
		case s.ended.Load():
			if idle++; idle == lingerPolls {
				return errHeldOpen
			}
		}
	}
}
