package engine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"

	"golang.org/x/sys/unix"
)

// shell is a program that has started a shell at the far end, which runs a script of ours.
type shell struct {
	program *process.Program
	place   string
	from    *bufio.Reader
	stderr  *tagged
	sane    func(process.Result) bool // all that the far end has written has come
}

// become has the shell become a worker, and ends it when that is not possible before ctx is
// done, or in time.
func (s *shell) become(ctx context.Context, token string, p Program) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNoAnswer)
	defer cancel()
	unhook := context.AfterFunc(ctx, s.program.Kill)
	err := s.talk(token, p)
	unhook()
	if err == nil {
		s.stderr.through()
		return nil
	}
	s.program.Kill()
	s.program.Stdin.Close()
	how := s.program.Wait()
	s.program.Stdout.Close()
	var hopeless *pool.HopelessError
	switch said := s.stderr.last(); {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", s.place, context.Cause(ctx))
	case errors.As(err, &hopeless):
		return &pool.HopelessError{Err: fmt.Errorf("%s: %w", s.place, hopeless.Err)}
	case said != "":
		return fmt.Errorf("%s: %s", s.place, said)
	case errors.Is(err, io.EOF) && how.Failure() != nil:
		return fmt.Errorf("%s: it ended before it was a worker: %w", s.place, how.Failure())
	default:
		return fmt.Errorf("%s: %w", s.place, err)
	}
}

// patience is how long a far end may take to become a worker.
const patience = 30 * time.Second

var errNoAnswer = fmt.Errorf("no answer within %v", patience)

// talk answers what the script asks, until it says that the worker begins. What else comes,
// such as a login shell's greeting, is passed over.
func (s *shell) talk(token string, p Program) error {
	const noise = 1 << 20
	for read := 0; read < noise; {
		line, err := s.from.ReadString('\n')
		if err != nil {
			return err
		}
		read += len(line)
		_, said, ours := strings.Cut(strings.TrimRight(line, "\r\n"), token+" ")
		if !ours {
			continue
		}
		verb, rest, _ := strings.Cut(said, " ")
		switch verb {
		case "run":
			return nil
		case "need":
			err = p.fits(rest)
		case "send":
			err = s.ship(p)
		case "full":
			err = fmt.Errorf("fanout did not fit into %s there", rest)
		case "bad":
			err = fmt.Errorf("fanout arrived damaged there: its checksum is %q", rest)
		case "nowhere":
			err = &pool.HopelessError{Err: errors.New("there is no place for a copy of fanout there: /tmp, /var/tmp and ~/.cache have no directory fanout-worker-UID that is the user's alone and lets programs be executed; install fanout there")}
		}
		if err != nil {
			return err
		}
	}
	return errors.New("it says too much before the worker begins")
}

// ship sends the program.
func (s *shell) ship(p Program) error {
	f, err := os.Open(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(s.program.Stdin, io.LimitReader(f, p.Size))
	return err
}

// fits checks that a machine of the kind that uname tells of can run this program.
func (p Program) fits(uname string) error {
	system, machine, _ := strings.Cut(uname, " ")
	arch := map[string]string{
		"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x",
	}[machine]
	if strings.ToLower(system) == runtime.GOOS && arch == runtime.GOARCH {
		return nil
	}
	return &pool.HopelessError{Err: fmt.Errorf("it is %s, and has no fanout that is the same as this one, which is for %s/%s: install this version there", uname, runtime.GOOS, runtime.GOARCH)}
}

// link is the connection to a worker at the far end.
type link struct{ *shell }

func (l link) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l link) Write(b []byte) (int, error) { return l.program.Stdin.Write(b) }
func (l link) Close() error                { return l.program.Stdin.Close() }
func (l link) Dismiss()                    { l.program.Dismiss() }
func (l link) Kill()                       { l.program.Kill() }

// Lossless waits for the end, which tells whether all has come. It is asked when nothing
// more comes.
func (l link) Lossless() bool {
	l.program.Stdin.Close()
	return l.sane(l.program.Wait())
}

func (l link) Wait() error {
	res := l.program.Wait()
	l.program.Stdout.Close()
	if said := l.stderr.last(); said != "" && res.Failure() != nil {
		return errors.New(said)
	}
	const signaled = 128
	if code := res.Status.ExitStatus(); code > signaled && code < 255 {
		return fmt.Errorf("killed by %s", unix.SignalName(syscall.Signal(code-signaled)))
	}
	return res.Failure()
}

// newToken is what a script's lines begin with, and nothing else.
func newToken() string {
	var b [8]byte
	rand.Read(b[:])
	return fmt.Sprintf("fanout-%x", b)
}

// tagged passes on the lines of a far end, each with the name of the place before it. Until
// it is a worker they are held back: most often they say why it is none.
type tagged struct {
	to    io.Writer
	place string

	mu   sync.Mutex
	open bool
	part []byte // of a line that has no end yet
	line string // the last that was not blank
}

// Write is called for what the far end says on its standard error.
func (t *tagged) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, b...)
	const long = 64 << 10
	for {
		end := bytes.IndexByte(t.part, '\n')
		if end < 0 && len(t.part) < long {
			return len(b), nil
		}
		if end < 0 {
			end = len(t.part) - 1
		}
		t.pass(bytes.TrimRight(t.part[:end], "\r"))
		t.part = append(t.part[:0], t.part[end+1:]...)
	}
}

func (t *tagged) pass(line []byte) {
	if text := strings.TrimSpace(string(line)); text != "" {
		t.line = text
	}
	if t.open {
		t.to.Write(fmt.Appendf(nil, "%s: %s\n", t.place, line))
	}
}

// through passes on all that comes from now on. What the shell has said before, such as a
// greeting, is nobody's.
func (t *tagged) through() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.line = true, ""
}

// last is the last line that was said.
func (t *tagged) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text := strings.TrimSpace(string(t.part)); text != "" {
		return text
	}
	return t.line
}
