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

// files is what a command gets as its standard three, and what was opened for it.
type files struct {
	fds    [3]int
	pipe   int   // its end of the pipe to the next command, or its plain output
	opened []int // ours to close
	fed    bool  // pipe was handed to the Tree, which closes it
}

func newFiles(in, out, errs int) *files {
	return &files{fds: [3]int{in, out, errs}, pipe: out}
}

// keep takes fd out of what is closed when the command has been started.
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
func (r *slot) redirect(c *command, f *files) error {
	for _, rd := range c.Redirects {
		if rd.Kind == words.Dup {
			f.fds[rd.Fd] = f.fds[rd.From]
			continue
		}
		name, err := rd.Target.Single(r.job)
		if err != nil {
			return err
		}
		fd, err := r.open(name, map[words.RedirectKind]int{
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

// needsShell says that one of the job's redirections is better done by a shell's
// own processes than in this one: names such as /dev/stdout mean something else
// here, and opening a named pipe can wait for another stage of the same pipeline.
func (r *slot) needsShell(p *plan) bool {
	for _, s := range p.steps {
		for _, c := range s.commands {
			for _, rd := range c.Redirects {
				if rd.Kind == words.Dup {
					continue
				}
				name, err := rd.Target.Single(r.job)
				if err == nil && r.isSpecial(name) {
					return true
				}
			}
		}
	}
	return false
}

func (r *slot) isSpecial(name string) bool {
	if !filepath.IsAbs(name) && r.l.spec.Dir != "" {
		name = r.l.spec.Dir + "/" + name
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
		// One link at a time: the last of them may lead to a file of ours and look
		// like any other.
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
func (r *slot) open(name string, flags int) (int, error) {
	if name == "" {
		return -1, unix.ENOENT
	}
	if r.l.spec.Dir != "" && !filepath.IsAbs(name) {
		name = r.l.spec.Dir + "/" + name
	}
	if fileType(name) == unix.S_IFIFO { // made by the job itself: see needsShell
		return openFIFO(r.ctx, name, flags)
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

// openFIFO waits, as opening a named pipe does, for somebody at the other end; but
// no longer than ctx. There is no call for that: the goroutine that waits is set
// free by opening the other end.
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
	// Somebody has removed the name, or has put something else there: nothing can reach
	// the one who waits, and it ends with the process.
	return -1, errStopped
}

// kindOf is the type of an open file.
func kindOf(fd int) uint32 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0
	}
	return uint32(st.Mode) & unix.S_IFMT
}
