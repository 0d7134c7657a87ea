package guardian

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"fanout/internal/process"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Guard starts the runner and returns the guardian's exit code when the runner has ended. main must be on its first
// thread, whose end the warden takes for the guardian's. ran is false in the runner itself, and where there can be no
// guardian, for the reason given. With the arguments cleaner, and three more, this program calls [After].
func Guard(cleaner ...string) (code int, ran bool, reason error) {
	return guard(cleaner, false, (*guardian).end)
}

// GuardRemote is Guard for a runner on another machine than its user. When the runner is killed, the guardian does not
// die of the same signal, which the programs between could not tell from their own end, but returns 128 and the
// signal's number. Nor does it stop with the runner: when the runner is stopped for longer than its user would wait for
// an answer, it is killed, since the user has given it up.
func GuardRemote(cleaner ...string) (code int, ran bool, reason error) {
	return guard(cleaner, true, (*guardian).finish)
}

func guard(cleaner []string, remote bool, end func(*guardian, syscall.WaitStatus) int) (code int, ran bool, reason error) {
	if _, is := inherited(); is {
		return 0, false, nil
	}
	os.Unsetenv(linkVariable)
	g, err := start(cleaner)
	var noRoom *noRoomError
	if errors.As(err, &noRoom) && noRoom.tooFew() {
		return exitFault, true, nil
	}
	if err != nil {
		return 0, false, err
	}
	g.remote = remote
	return end(g, g.wait()), true, nil
}

type guardian struct {
	runner  *process.Runner
	remote  bool
	link    int // our end
	signals chan os.Signal

	// The runner's messages.
	ended   bool          // it has ended as it should
	linger  time.Duration // if not, how long its children have to end by themselves
	silence time.Duration // how long its user waits for an answer
}

func start(cleaner []string) (*guardian, error) {
	if err := makeRoom(); err != nil {
		return nil, err
	}
	if err := process.BecomeSubreaper(); err != nil {
		return nil, process.Lack{Of: process.Subreapers, Err: err}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, lack(os.NewSyscallError("socketpair", err))
	}
	defer unix.Close(pair[1])
	theirs, err := process.ForWorkers(pair[1])
	if err != nil {
		return nil, lack(os.NewSyscallError("fcntl(F_DUPFD)", err))
	}
	defer unix.Close(theirs)
	g := &guardian{link: pair[0], signals: make(chan os.Signal, 16)}
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGTSTP, unix.SIGCONT, unix.SIGUSR1, unix.SIGUSR2} {
		if !signal.Ignored(s) {
			signal.Notify(g.signals, s)
		}
	}
	env := func(alone error) []string {
		return append(os.Environ(), linkVariable+"="+told{theirs, os.Getpid(), alone}.String())
	}
	if g.runner, err = process.StartRunner(env, cleaner); err != nil {
		signal.Stop(g.signals)
		return nil, lack(err)
	}
	letGo()
	return g, nil
}

func lack(err error) error { return process.Lack{Of: process.Guardians, Err: err} }

// wait returns how the runner has ended.
func (g *guardian) wait() syscall.WaitStatus {
	changes := make(chan syscall.WaitStatus)
	go g.runner.Watch(changes) // ends with the runner
	var late <-chan time.Time
	for {
		select {
		case <-late:
			late = nil
			if g.runner.Stopped() {
				g.runner.Signal(unix.SIGKILL)
			}
		case s := <-g.signals:
			g.pass(s.(syscall.Signal))
		case st := <-changes:
			if !st.Stopped() {
				return st
			}
			if g.hear(); g.remote && g.silence > 0 {
				late = time.After(g.silence)
				continue
			}
			unix.Kill(os.Getpid(), unix.SIGSTOP) // so that the shell sees the stop
		}
	}
}

// pass passes a signal on by the Link, since the runner may have got the same one from the terminal. A stopped runner
// does not read the Link.
func (g *guardian) pass(s syscall.Signal) {
	if s == unix.SIGCONT {
		g.runner.Signal(s)
		return
	}
	sysio.Write(g.link, []byte{byte(s)})
}

// finish ends the runner's leftovers, unless the runner has said that they stay, and returns the exit code as a shell
// would.
func (g *guardian) finish(st syscall.WaitStatus) int {
	if g.hear(); g.ended {
		g.runner.LeaveLeftovers()
	} else {
		g.runner.EndLeftovers(g.linger)
	}
	process.LeaveCgroups() // when the runner could not
	if g.tellFault(st) {
		return exitFault
	}
	if !st.Signaled() {
		return st.ExitStatus()
	}
	return 128 + int(st.Signal())
}

// end is finish, and then dies of the signal that the runner died of.
func (g *guardian) end(st syscall.WaitStatus) int {
	code := g.finish(st)
	if !st.Signaled() {
		return code
	}
	switch s := st.Signal(); s {
	case unix.SIGKILL, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE:
		process.DieOf(s)
	}
	return code // of a crash, and where this process may not die so
}

// hear reads the messages that the runner has sent by now.
func (g *guardian) hear() {
	var buf [64]byte
	for {
		n, err := sysio.Read(g.link, buf[:])
		if err != nil || n == 0 {
			return
		}
		g.obey(string(buf[:n]))
	}
}

// obey applies one message of the runner.
func (g *guardian) obey(message string) {
	if message == done {
		g.ended = true
	}
	if text, ok := strings.CutPrefix(message, linger); ok {
		g.linger, _ = time.ParseDuration(text)
	}
	if text, ok := strings.CutPrefix(message, silence); ok {
		g.silence, _ = time.ParseDuration(text)
	}
}

// After ends the leftovers of a run whose runner has ended too early, in the process that was its warden. They have that
// long to end by themselves.
func After(linger time.Duration) {
	os.Unsetenv(linkVariable)
	process.Leftovers(linger)
}
