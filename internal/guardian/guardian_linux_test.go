package guardian

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"fanout/internal/limits"
	"fanout/internal/process"
	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// runnerArg makes the test program tell, as a runner would find out, whether it has inherited a Link.
const runnerArg = "inherited"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == runnerArg {
		t, is := inherited()
		fmt.Println(t.fd, is)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// linked returns the two ends of a Link.
func linked(t *testing.T) (*guardian, *Link) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &guardian{link: pair[0], runner: &process.Runner{}}, newLink(told{fd: pair[1]})
}

// TestLink: signals go one way, messages the other.
func TestLink(t *testing.T) {
	g, l := linked(t)
	sent := []syscall.Signal{unix.SIGINT, unix.SIGINT, unix.SIGUSR2, unix.SIGTERM}
	for _, s := range sent {
		g.pass(s)
	}
	testkit.Within(t, testkit.Patience, "receiving signals", func() {
		for _, want := range sent {
			if got := <-l.Signals(); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		}
	})
	g.hear()
	if g.ended || g.linger != 0 || g.silence != 0 {
		t.Errorf("before any message: %+v", g)
	}
	l.Linger(1500 * time.Millisecond)
	l.Silence(time.Minute)
	if g.hear(); g.ended || g.linger != 1500*time.Millisecond || g.silence != time.Minute {
		t.Errorf("before the end: %+v", g)
	}
	l.Done()
	if g.hear(); !g.ended {
		t.Error("the end was not heard")
	}
	unix.Close(g.link)
	testkit.Within(t, testkit.Patience, "the end of the signals", func() {
		if s, open := <-l.Signals(); open {
			t.Errorf("%v from a guardian that is gone", s)
		}
		l.Close()
	})
}

// TestClose ends a Link whose guardian lives.
func TestClose(t *testing.T) {
	g, l := linked(t)
	defer unix.Close(g.link)
	testkit.Within(t, testkit.Patience, "Close", l.Close)
	g.pass(unix.SIGINT) // to nobody
	g.hear()
}

// TestFlood: signals that the runner does not take are dropped, and keep nothing waiting.
func TestFlood(t *testing.T) {
	g, l := linked(t)
	testkit.Within(t, testkit.Patience, "a flood", func() {
		for range 1000 {
			g.pass(unix.SIGINT)
		}
		unix.Close(g.link)
		for range l.Signals() {
		}
	})
	l.Close()
}

func TestMessages(t *testing.T) {
	for message, want := range map[string]guardian{
		"":               {},
		"done":           {ended: true},
		"done ":          {},
		"Done":           {},
		"linger 2s":      {linger: 2 * time.Second},
		"linger 1m0.5s":  {linger: time.Minute + 500*time.Millisecond},
		"linger":         {},
		"linger ":        {},
		"linger soon":    {},
		"silence 250ms":  {silence: 250 * time.Millisecond},
		"silence 1h2m3s": {silence: time.Hour + 2*time.Minute + 3*time.Second},
		"silence 5":      {},
		"a later word":   {},
	} {
		var g guardian
		if g.obey(message); g != want {
			t.Errorf("%q: %+v, want %+v", message, g, want)
		}
	}
}

// TestInherited: a descriptor is believed only if the parent has made it for this very process.
func TestInherited(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	self := strconv.Itoa(os.Getpid())
	for name, tt := range map[string]struct {
		variable string
		file     *os.File // descriptor 3
		want     string
	}{
		"a runner":            {"3 " + self + " no room for it", theirs, "3 true"},
		"none":                {"", theirs, "0 false"},
		"no pid":              {"3", theirs, "0 false"},
		"no word of a warden": {"3 " + self, theirs, "0 false"},
		"no number":           {"x y z", theirs, "0 false"},
		"another's":           {"3 1 none", theirs, "0 false"},
		"closed":              {"9 " + self + " none", theirs, "0 false"},
		"negative":            {"-1 " + self + " none", theirs, "0 false"},
		"no socket":           {"3 " + self + " none", plain, "0 false"},
		"standard input":      {"0 " + self + " none", theirs, "0 false"},
		"no warden between":   {"3 " + self + " warden", theirs, "0 false"},
	} {
		c := exec.Command(os.Args[0], runnerArg)
		c.Env = append(os.Environ(), linkVariable+"="+tt.variable)
		c.ExtraFiles = []*os.File{tt.file}
		if out, err := c.Output(); err != nil || string(out) != tt.want+"\n" {
			t.Errorf("%s: %q, %v, want %q", name, out, err, tt.want)
		}
	}
	// The other end was made by this process, which is not its own parent.
	for _, last := range []string{"warden", "none"} {
		t.Setenv(linkVariable, fmt.Sprintf("%d %d %s", pair[1], os.Getppid(), last))
		if got, is := inherited(); is {
			t.Errorf("%v is believed", got)
		}
	}
}

func exited(code int) syscall.WaitStatus           { return syscall.WaitStatus(code << 8) }
func killedBy(s syscall.Signal) syscall.WaitStatus { return syscall.WaitStatus(s) }

func TestIsFault(t *testing.T) {
	faults := map[syscall.Signal]bool{
		unix.SIGABRT: true, unix.SIGSEGV: true, unix.SIGBUS: true, unix.SIGFPE: true, unix.SIGILL: true,
		unix.SIGSYS: true, unix.SIGTRAP: true, unix.SIGXCPU: true, unix.SIGXFSZ: true,
	}
	for s := syscall.Signal(1); s < 65; s++ {
		if isFault(s) != faults[s] {
			t.Errorf("%v: %v", s, isFault(s))
		}
	}
}

// TestNoFault: these are no faults of the runner.
func TestNoFault(t *testing.T) {
	for _, tt := range []struct {
		ended  bool
		status syscall.WaitStatus
	}{
		{true, exited(2)}, // wrong usage
		{false, exited(0)}, {false, exited(1)}, {false, exited(123)}, {false, exited(130)},
		{false, killedBy(unix.SIGKILL)}, {false, killedBy(unix.SIGTERM)}, {false, killedBy(unix.SIGINT)}, {false, killedBy(unix.SIGPIPE)},
	} {
		if g := (&guardian{ended: tt.ended}); g.tellFault(tt.status) {
			t.Errorf("%+v is told as a fault", tt)
		}
	}
}

// TestFinish: the exit code is as a shell would have it.
func TestFinish(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]int{
		exited(0): 0, exited(2): 2, exited(123): 123,
		killedBy(unix.SIGKILL): 137, killedBy(unix.SIGTERM): 143, killedBy(unix.SIGHUP): 129,
	} {
		g, l := linked(t)
		l.Done()
		if code := g.finish(status); code != want || !g.ended {
			t.Errorf("%x: %d, want %d; ended %v", status, code, want, g.ended)
		}
		unix.Close(g.link)
		l.Close()
	}
}

func TestNoRoom(t *testing.T) {
	e := &noRoomError{limits.Processes{Name: "RLIMIT_NPROC", Max: 20, Used: 14}}
	if e.tooFew() || e.Error() != "RLIMIT_NPROC allows 20 processes and threads, and 14 exist" {
		t.Errorf("too few: %v, %v", e.tooFew(), e)
	}
}
