package process

import (
	"errors"
	"io"
	"os"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// inherit is a descriptor that processes inherit.
type inherit int

func (fd inherit) Fd() int { return int(fd) }

func (fd inherit) Write(b []byte) (int, error) { return sysio.Write(int(fd), b) }

// Inherited returns a Writer that processes inherit as the descriptor that it is.
func Inherited(fd int) interface {
	Inheritable
	io.Writer
} {
	return inherit(fd)
}

// TakeStandard takes the standard input and output from this process, and returns them: stdin is empty from now on, and
// what is written to stdout goes to standard error.
func TakeStandard(stdin, stdout, stderr *os.File) (in, out *os.File, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	take := func(f, instead *os.File) (*os.File, error) {
		// Non-blocking, so that no thread waits for it: the pipe is ours alone.
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
		err = os.NewSyscallError("fcntl", err)
		if err == nil {
			err = errors.Join(nonblocking(fd), os.NewSyscallError("dup2", unix.Dup2(int(instead.Fd()), int(f.Fd()))))
		}
		return os.NewFile(uintptr(fd), f.Name()), err
	}
	if in, err = take(stdin, null); err != nil {
		return nil, nil, err
	}
	out, err = take(stdout, stderr)
	return in, out, err
}

func nonblocking(fd int) error { return os.NewSyscallError("fcntl", unix.SetNonblock(fd, true)) }

// ForWorkers returns a copy of a descriptor that all processes inherit which are started from now on. Its number is
// high, if the system allows that, so that it is none of those that the user has opened for the jobs. Workers keep it
// from jobs by CloseOnExec.
func ForWorkers(fd int) (int, error) {
	const lowest = 3
	for high := 100; ; high = max(lowest, high/2) {
		copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, high)
		if err != unix.EINVAL || high == lowest {
			return copied, err
		}
	}
}

// CloseOnExec keeps a descriptor from the processes that are started from now on.
func CloseOnExec(fd int) { unix.CloseOnExec(fd) }
