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

// stdinName is the name of standard input in errors.
const stdinName = "standard input"

// file is an open source of bytes. It is read by descriptor, not through os.File, whose reads of a blocking
// descriptor cannot be interrupted.
type file struct {
	name  string
	f     *os.File
	fd    int
	info  fs.FileInfo
	own   bool     // opened here, so closed here
	again *os.File // a second description of standard input, which is read instead; or nil
	first int64    // where its name begins, once that has been read
	busy  atomic.Bool
}

// openFile opens the file of a source. O_NONBLOCK keeps a FIFO without a writer from blocking the open,
// where Ctrl-C would have no effect; reader.wait waits for its writer instead. The flag is set only on a
// description of fanout's own: the shell shares the description of standard input, which is never changed.
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

// ownDescription opens a given pipe or terminal a second time, non-blocking for fanout alone: another
// process that reads it too may have taken the bytes that poll reported, and a blocked read obeys no stop.
// Where the system does not allow it, reads may block.
func (fl *file) ownDescription() {
	if fd, err := sysio.Reopen(fl.fd, unix.O_RDONLY); err == nil {
		fl.again, fl.fd = os.NewFile(uintptr(fd), fl.name), fd
	}
}

// inspect finds the descriptor and the file's information. It goes through SyscallConn because os.File.Fd
// may change the mode of the description.
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

// isPipe reports whether bytes that one reader takes are lost for another.
func (fl *file) isPipe() bool { return fl.info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 }

// reader reads a file until the context ends. Its errors name the file; after the end of the context, the
// error is its cause.
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
			mayBlock = true // also for some files in /proc that look regular
		case err != nil:
			return 0, readError(r.name, err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// read reads once. The file may be on a server that is gone.
func (r *reader) read(p []byte) (int, error) {
	r.busy.Store(true)
	defer r.busy.Store(false)
	return sysio.Read(r.fd, p)
}

// wait returns when a read will not block, or when the context has ended.
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

// readError names the file that could not be read, in the user's words, not in those of the system call.
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
