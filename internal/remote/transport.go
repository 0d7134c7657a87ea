package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fanout/internal/execute"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// transport is how a backend has a shell run at a place.
type transport struct {
	begin    func(mark, script string, stderr *tagged) (peer, error)
	patience time.Duration             // how long it may take; 0: as long as it takes
	gently   bool                      // it is told to end, since it has to tell others
	linger   time.Duration             // but not before a worker that has no input any more has had this long to end by itself
	sane     func(process.Result) bool // all that the far end has written has come
	after    string                    // what the script does when the worker has ended, with its exit code in c; "": nothing
	hopeless func(said string) bool    // another try would fare no better; nil: it may
	own      string                    // how lines begin that are the program's, and not the worker's
	notice   string                    // what is in those of them that the user should see
}

// peer is a program on this machine that stands for the far end's shell. Read and Write are
// its standard output and input; to close it is the end of its standard input.
type peer interface {
	io.ReadWriteCloser
	Release() // nothing more is read
	Dismiss() // what it leaves behind at its end is let be
	Stop()    // ends it
	Kill()    // and this at once
	Wait() process.Result
}

// command is a program that runs a shell elsewhere.
type command struct {
	here  Here
	path  string
	argv  []string                     // what it is given, without the command
	words func(script string) []string // the command
}

func (c command) begin(mark, script string, stderr *tagged) (peer, error) {
	p, err := c.here.Supervisor.StartProgram(process.Command{
		Path:    c.path,
		Argv:    append(slices.Clone(c.argv), c.words(script)...),
		Env:     execute.Environ(c.here.Environ, c.here.Run, mark),
		Session: true, // so that a terminal's signals are ours alone, and nobody is asked for a password
	}, mark, stderr)
	if err == nil {
		return localPeer{p}, nil
	}
	var command *execute.CommandError
	if err = execute.StartError(c.path, err); errors.As(err, &command) {
		err = &pool.HopelessError{Err: errors.New(err.Error())} // it is no COMMAND of the user's
	}
	return nil, err
}

type localPeer struct{ *process.Program }

func (l localPeer) Read(b []byte) (int, error)  { return l.Stdout.Read(b) }
func (l localPeer) Write(b []byte) (int, error) { return l.Stdin.Write(b) }
func (l localPeer) Close() error                { return l.Stdin.Close() }
func (l localPeer) Release()                    { l.Stdout.Close() }

// shell is a program that has started a shell at the far end, which runs a script of ours.
type shell struct {
	transport
	program peer
	host    string
	from    *bufio.Reader
	stderr  *tagged
}

// ids makes the marks of workers, of which no two have the same.
type ids struct {
	run string
	n   atomic.Int64
}

func (m *ids) next(number int) string {
	return fmt.Sprintf("%s.w%d.%d", m.run, number, m.n.Add(1))
}

// connect has a fanout run at a place.
func (w transport) connect(ctx context.Context, near Here, place, mark, verb string) (*shell, error) {
	token := newToken()
	s, err := w.start(near, place, mark, near.Program.script(token, mark, verb, w.after))
	if err != nil {
		return nil, err
	}
	if err := s.become(ctx, token, near.Program); err != nil {
		return nil, err
	}
	return s, nil
}

// start starts the program.
func (w transport) start(near Here, place, mark, script string) (*shell, error) {
	stderr := &tagged{to: near.Stderr, host: place, own: w.own, notice: w.notice, hopeless: w.hopeless}
	p, err := w.begin(mark, script, stderr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(place), err)
	}
	return &shell{transport: w, program: p, host: place, from: bufio.NewReaderSize(p, 64<<10), stderr: stderr}, nil
}

// end ends the program, and by that what it has started at the far end.
func (s *shell) end() {
	if s.gently {
		s.program.Stop()
	} else {
		s.program.Kill()
	}
}

// output is all that a fanout that is no worker prints.
func (s *shell) output(ctx context.Context) ([]string, error) {
	s.program.Close()
	unhook := context.AfterFunc(ctx, s.end)
	defer unhook()
	said, err := io.ReadAll(io.LimitReader(s.from, 1<<20))
	how := s.program.Wait()
	s.program.Release()
	if err == nil {
		err = how.Failure()
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", text.Name(s.host), err)
	}
	return strings.FieldsFunc(string(said), func(r rune) bool { return r == '\n' }), err
}

// become has the shell become a worker, and ends it when that is not possible before ctx is
// done, or in time.
func (s *shell) become(ctx context.Context, token string, p Program) error {
	if s.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.patience, fmt.Errorf("no answer within %v", s.patience))
		defer cancel()
	}
	unhook := context.AfterFunc(ctx, s.end)
	err := s.talk(token, p)
	// One that is being ended is no worker any more, and what is said of its end is nobody's.
	if inTime := unhook(); inTime && err == nil {
		s.stderr.through()
		return nil
	}
	s.end()
	s.program.Close()
	how := s.program.Wait()
	s.program.Release()
	var hopeless *pool.HopelessError
	switch said := s.stderr.last(); {
	case said != "" && s.hopeless != nil && s.hopeless(said):
		return &pool.HopelessError{Err: errors.New(said)}
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", text.Name(s.host), context.Cause(ctx))
	case errors.As(err, &hopeless):
		return &pool.HopelessError{Err: fmt.Errorf("%s: %w", text.Name(s.host), hopeless.Err)}
	case said != "":
		return fmt.Errorf("%s: %s", text.Name(s.host), said)
	case errors.Is(err, io.EOF) && how.Failure() != nil:
		return fmt.Errorf("%s: it ended before it was a worker: %w", text.Name(s.host), how.Failure())
	default:
		return fmt.Errorf("%s: %w", text.Name(s.host), err)
	}
}

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
	_, err = io.Copy(s.program, io.LimitReader(f, p.Size))
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
type link struct {
	*shell

	mu   sync.Mutex
	late *time.Timer // ends the program, when the worker does not end
}

func (l *link) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l *link) Write(b []byte) (int, error) { return l.program.Write(b) }
func (l *link) Close() error                { return l.program.Close() }
func (l *link) Dismiss()                    { l.program.Dismiss() }

// Kill ends the worker, which the end of its input does where it is in order.
func (l *link) Kill() {
	if l.linger == 0 {
		l.end()
		return
	}
	l.program.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late == nil {
		l.late = time.AfterFunc(l.linger, l.end)
	}
}

// Lossless waits for the end, which tells whether all has come. It is asked when nothing
// more comes.
func (l *link) Lossless() bool {
	l.program.Close()
	return l.sane(l.program.Wait())
}

func (l *link) Wait() error {
	res := l.program.Wait()
	l.mu.Lock()
	if l.late != nil {
		l.late.Stop()
	}
	l.mu.Unlock()
	l.program.Release()
	const signaled = 128
	if code := res.Status.ExitStatus(); code > signaled && code < 255 {
		return fmt.Errorf("killed by %s", unix.SignalName(syscall.Signal(code-signaled)))
	}
	if said := l.stderr.last(); said != "" && res.Failure() != nil {
		return errors.New(said)
	}
	return res.Failure()
}

// newToken is what a script's lines begin with, and nothing else.
func newToken() string {
	var b [8]byte
	sysio.Random(b[:]) // without it, lines that look the same are less unlikely
	return fmt.Sprintf("fanout-%x", b)
}
