package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// stdinName is how standard input is called in errors.
const stdinName = "standard input"

// file is an open source of bytes. It is read by descriptor and not through
// os.File, whose reads on a blocking descriptor nothing can interrupt.
type file struct {
	name  string
	f     *os.File
	fd    int
	info  fs.FileInfo
	own   bool     // it was opened here and is ours to close
	again *os.File // nil, or a second description of what was given, which is read in its place
	busy  atomic.Bool
}

// openFile opens the file of a source. O_NONBLOCK keeps a FIFO without a writer
// from hanging the open, where Ctrl-C would not be heard; the wait for its
// writer happens in reader.wait. The flag is set on our own description only:
// that of standard input is shared with the shell and is never changed.
func openFile(path string, stdin *os.File) (*file, error) {
	fl := &file{name: stdinName, f: stdin}
	if path != stdinPath {
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, readError(path, err)
		}
		fl = &file{name: path, f: f, own: true}
	}
	if err := fl.inspect(); err != nil {
		fl.close()
		return nil, readError(fl.name, err)
	}
	if !fl.own {
		fl.ownDescription()
	}
	return fl, nil
}

// ownDescription opens a pipe or terminal that we were given once more, non-blocking for us
// alone: another process that reads it, too, may have taken what poll has told us of, and a
// read that blocks obeys nobody. Where that is not allowed, reads may block.
func (fl *file) ownDescription() {
	if fd, err := sysio.Reopen(fl.fd, unix.O_RDONLY); err == nil {
		fl.again, fl.fd = os.NewFile(uintptr(fd), fl.name), fd
	}
}

// inspect fills in the descriptor and what it refers to. It goes through
// SyscallConn because os.File.Fd may change the mode of the description.
func (fl *file) inspect() error {
	conn, err := fl.f.SyscallConn()
	if err != nil {
		return err
	}
	if err := conn.Control(func(fd uintptr) { fl.fd = int(fd) }); err != nil {
		return err
	}
	if fl.info, err = fl.f.Stat(); err != nil {
		return err
	}
	if fl.info.IsDir() {
		return syscall.EISDIR
	}
	return nil
}

func (fl *file) close() error {
	if fl.again != nil {
		fl.again.Close()
		fl.again = nil
	}
	if !fl.own || fl.f == nil {
		return nil
	}
	err := fl.f.Close()
	fl.f = nil
	return err
}

// isPipe reports that what one reader takes, another does not get.
func (fl *file) isPipe() bool { return fl.info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 }

// reader reads a file until the context ends. Its errors name the file; that of
// an ended context is the cause, as it is.
type reader struct {
	*file
	ctx  context.Context
	wake int // becomes readable when ctx ends
}

func (r *reader) Read(p []byte) (int, error) {
	mayBlock := !r.info.Mode().IsRegular()
	for {
		if mayBlock {
			if err := r.wait(); err != nil {
				return 0, readError(r.name, err)
			}
		}
		if r.ctx.Err() != nil {
			return 0, context.Cause(r.ctx)
		}
		n, err := r.read(p)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			mayBlock = true // also some files in /proc, which look regular
		case err != nil:
			return 0, readError(r.name, err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// read reads once. A file may be on a server that has gone.
func (r *reader) read(p []byte) (int, error) {
	r.busy.Store(true)
	defer r.busy.Store(false)
	return sysio.Read(r.fd, p)
}

// wait returns when a read will not block, or the context has ended.
func (r *reader) wait() error {
	fds := []unix.PollFd{
		{Fd: int32(r.fd), Events: unix.POLLIN},
		{Fd: int32(r.wake), Events: unix.POLLIN},
	}
	for {
		if _, err := sysio.Poll(fds, -1); err != unix.EINTR {
			return err
		}
	}
}

// readError says which file could not be read, in the words of the user and not
// of the system call that failed.
func readError(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if name == stdinName {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return &fs.PathError{Op: "reading", Path: name, Err: err}
}
