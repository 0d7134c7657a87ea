package execute

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fanout/internal/template/words"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// files is the standard three of a command, and the files that were opened for it.
type files struct {
	fds    [3]int
	pipe   int   // its end of the pipe to the next command, or its output before redirections
	opened []int // which we have to close
	fed    bool  // the Tree has pipe, and closes it
}

func newFiles(in, out, errs int) *files {
	return &files{fds: [3]int{in, out, errs}, pipe: out}
}

// keep takes fd from the files that are closed when the command has been started.
func (f *files) keep(fd int) int {
	for i, o := range f.opened {
		if o == fd {
			f.opened = append(f.opened[:i], f.opened[i+1:]...)
			return fd
		}
	}
	f.fed = f.fed || fd == f.pipe
	return fd
}

func (f *files) closeOpened() {
	for _, fd := range f.opened {
		unix.Close(fd)
	}
}

// redirect applies the command's redirections in their order, as a shell does.
func (s *slot) redirect(c *command, f *files) error {
	for _, rd := range c.Redirects {
		if rd.Kind == words.Dup {
			f.fds[rd.Fd] = f.fds[rd.From]
			continue
		}
		name, err := rd.Target.Single(s.job)
		if err != nil {
			return err
		}
		fd, err := s.open(name, map[words.RedirectKind]int{
			words.In:     unix.O_RDONLY,
			words.Out:    unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC,
			words.Append: unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND,
		}[rd.Kind])
		if errors.Is(err, errStopped) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %w", text.Name(name), err)
		}
		f.opened = append(f.opened, fd)
		f.fds[rd.Fd] = fd
	}
	return nil
}

// needsShell reports whether a shell's own processes do one of the job's redirections better than this process: names
// such as /dev/stdout mean something else here, and opening a named pipe can wait for another stage of the same
// pipeline.
func (s *slot) needsShell(p *plan) bool {
	for _, step := range p.steps {
		for _, c := range step.commands {
			for _, rd := range c.Redirects {
				if rd.Kind == words.Dup {
					continue
				}
				name, err := rd.Target.Single(s.job)
				if err == nil && s.isSpecial(name) {
					return true
				}
			}
		}
	}
	return false
}

func (s *slot) isSpecial(name string) bool {
	if !filepath.IsAbs(name) && s.l.spec.Dir != "" {
		name = s.l.spec.Dir + "/" + name
	}
	const mostLinks = 40 // the system follows no more
	for range mostLinks {
		clean := filepath.Clean(name)
		if folder, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
			clean = filepath.Join(folder, filepath.Base(name))
		}
		for _, prefix := range []string{"/dev/std", "/dev/fd", "/proc/"} {
			if strings.HasPrefix(clean, prefix) {
				return true
			}
		}
		// One link at a time: the last may lead to a descriptor of ours and look like any file.
		target, err := os.Readlink(name)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Dir(clean) + "/" + target
		}
		name = target
	}
	kind := fileType(name)
	return kind == unix.S_IFIFO || kind == unix.S_IFSOCK
}

func fileType(name string) uint32 {
	var st unix.Stat_t
	if unix.Stat(name, &st) != nil {
		return 0
	}
	return uint32(st.Mode) & unix.S_IFMT
}

var errStopped = errors.New("stopped")

// open opens a file as seen from the job's directory.
func (s *slot) open(name string, flags int) (int, error) {
	if name == "" {
		return -1, unix.ENOENT
	}
	if s.l.spec.Dir != "" && !filepath.IsAbs(name) {
		name = s.l.spec.Dir + "/" + name
	}
	if fileType(name) == unix.S_IFIFO { // the job itself has made it: see needsShell
		return openFIFO(s.ctx, name, flags)
	}
	return openFile(name, flags)
}

func openFile(name string, flags int) (int, error) {
	for {
		fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0o666)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// openFIFO waits, as opening a named pipe does, for a process at the other end; but no longer than ctx. No system call
// does that: the goroutine that waits is released by opening the other end.
func openFIFO(ctx context.Context, name string, flags int) (int, error) {
	type result struct {
		fd  int
		err error
	}
	opened := make(chan result, 1)
	go func() {
		fd, err := openFile(name, flags)
		opened <- result{fd, err}
	}()
	select {
	case res := <-opened:
		return res.fd, res.err
	case <-ctx.Done():
	}
	const tries, pause = 50, 5 * time.Millisecond
	for range tries {
		other, err := openFile(name, unix.O_RDWR|unix.O_NONBLOCK)
		if err == nil {
			defer unix.Close(other)
		}
		select {
		case res := <-opened:
			if res.err == nil {
				unix.Close(res.fd)
			}
			return -1, errStopped
		case <-time.After(pause):
		}
	}
	// The name was removed, or stands for something else by now: nothing can reach the goroutine that waits, and it
	// ends with the process.
	return -1, errStopped
}

// kindOf returns the type of an open file.
func kindOf(fd int) uint32 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0
	}
	return uint32(st.Mode) & unix.S_IFMT
}
