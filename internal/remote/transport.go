package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/sysio"
	"fanout/internal/text"
)

// transport runs a shell on a host: a program that does it, and the ways of that program.
type transport struct {
	starter
	traits
}

// starter starts a program that runs a shell script on a host: a [command], or the [driver] of Ray.
type starter interface {
	begin(jobID, script string, stderr *relay) (peer, error)
}

// traits are what differs between the programs of the backends.
type traits struct {
	patience time.Duration                           // how long the shell may take to become a worker; 0: as long as it takes
	gently   bool                                    // the program gets TERM at its end, not KILL: it has to tell others
	linger   time.Duration                           // how long a worker without input may take to end before the program is ended
	complete func(process.Result) bool               // reports whether all that the host has written has come
	after    cleanup                                 // by the script's shell
	messages messages                                // on its standard error
	check    func(host string) (program, try string) // names the program, and what a user can try when it fails; may be nil
}

// peer is a program on this machine that stands for the shell on a host. Read and Write are its standard output and
// input; Close ends its standard input.
type peer interface {
	io.ReadWriteCloser
	Release() // nothing more is read
	Dismiss() // what it leaves at its end may stay
	Stop()    // ends it
	Kill()    // ends it at once
	Wait() process.Result
}

// shell is a program that has started a shell on a host, which runs the bootstrap script.
type shell struct {
	transport
	program peer
	host    string
	from    *bufio.Reader
	stderr  *relay
}

// connect runs a fanout worker with these arguments on a host.
func (t transport) connect(ctx context.Context, here Here, host, jobID string, args ...string) (*shell, error) {
	token := newToken()
	s, err := t.start(here, host, jobID, here.Program.script(token, jobID, t.after, args...))
	if err != nil {
		return nil, err
	}
	if err := s.become(ctx, token, here.Program); err != nil {
		return nil, err
	}
	return s, nil
}

// start starts the program.
func (t transport) start(here Here, host, jobID, script string) (*shell, error) {
	stderr := newRelay(here.Stderr, host, t.messages)
	p, err := t.begin(jobID, script, stderr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(host), err)
	}
	return &shell{transport: t, program: p, host: host, from: bufio.NewReaderSize(p, 64<<10), stderr: stderr}, nil
}

// end ends the program, and with it what it has started on the host.
func (s *shell) end() {
	if s.gently {
		s.program.Stop()
	} else {
		s.program.Kill()
	}
}

// output returns the lines that a fanout that is not a worker prints.
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

// become waits until the shell has become a worker, and ends it when that does not happen before ctx is done, or in
// time.
func (s *shell) become(ctx context.Context, token string, p Program) error {
	if s.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.patience, fmt.Errorf("no answer within %v", s.patience))
		defer cancel()
	}
	unhook := context.AfterFunc(ctx, s.end)
	err := s.talk(token, p)
	// One that is being ended is no worker any more, and the user need not see what is said of its end.
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
	case said != "" && s.messages.hopeless != nil && s.messages.hopeless(said):
		return &pool.HopelessError{Err: errors.New(said)}
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", text.Name(s.host), context.Cause(ctx))
	case errors.As(err, &hopeless):
		return &pool.HopelessError{Err: fmt.Errorf("%s: %w", text.Name(s.host), hopeless.Err)}
	case said != "":
		return fmt.Errorf("%s: %s", text.Name(s.host), said)
	case errors.Is(err, io.EOF) && how.Failure() != nil && s.check != nil:
		program, check := s.check(s.host)
		return fmt.Errorf("%s: %s: %w before fanout could start there; %s", text.Name(s.host), program, how.Failure(), check)
	case errors.Is(err, io.EOF) && how.Failure() != nil:
		return fmt.Errorf("%s: %w before fanout could start there", text.Name(s.host), how.Failure())
	default:
		return fmt.Errorf("%s: %w", text.Name(s.host), err)
	}
}

// talk answers what the script asks, until it says that the worker begins. It passes over everything else, such as a
// login shell's greeting.
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
			err = fmt.Errorf("the copy of fanout does not fit into %s there", rest)
		case "bad":
			err = fmt.Errorf("the copy of fanout arrived damaged there: its checksum is %q", rest)
		case "nowhere":
			err = &pool.HopelessError{Err: errors.New("no directory can hold a copy of fanout there: /tmp, /var/tmp and ~/.cache have no fanout-worker-UID that is the user's alone and lets programs be executed; install fanout there")}
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

// fits checks that a machine of the kind that uname(1) names can run this program.
func (p Program) fits(uname string) error {
	system, machine, _ := strings.Cut(uname, " ")
	arch := map[string]string{
		"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x",
	}[machine]
	if strings.ToLower(system) == runtime.GOOS && arch == runtime.GOARCH {
		return nil
	}
	return &pool.HopelessError{Err: fmt.Errorf("this fanout (%s/%s) cannot run there (%s): install the same fanout version on that host", runtime.GOOS, runtime.GOARCH, uname)}
}

// newToken makes a word that begins the script's lines, and no others.
func newToken() string {
	var b [8]byte
	sysio.Random(b[:]) // without it, lines that look the same are less unlikely
	return fmt.Sprintf("fanout-%x", b)
}
