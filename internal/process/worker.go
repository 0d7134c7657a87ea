package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Inherited is a descriptor that processes get as it is.
func Inherited(fd int) interface {
	Inheritable
	io.Writer
} {
	return inherit(fd)
}

// Procs is how many Ps the Go runtime should have for so many slots that start processes.
//
// A fork holds its P until the child's exec: with as many Ps as CPUs, the slots would
// wait for each other. At 64 slots, 16 Ps take half the time of 2; 32 and 64 take no
// less.
func Procs(slots int) int {
	now := runtime.GOMAXPROCS(0) // the CPUs that there are for us, unless the user has said otherwise
	if slots < 2 {
		return min(now, 2)
	}
	return max(now, min(2*slots, 16))
}

// TakeStandard takes the standard input and output away from this process, for itself:
// who reads from the one finds it empty, and what is written to the other goes to
// standard error.
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

// ForWorkers is a copy of a descriptor that every process gets which is started from now
// on, out of the way of those that the user has opened for the jobs, as far as so high a number
// is allowed. Workers give it to nobody by CloseOnExec.
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

// Memory is what the processes of a job may have; 0 is no limit.
func (s *Supervisor) Memory() int64 { return s.spec.Memory }

// MemoryError says how much more than it was given a job had.
func MemoryError(used, limit int64) error {
	most := memory(limit)
	if used <= limit { // the kernel did not let it have more
		return fmt.Errorf("it wanted more than %s", most)
	}
	return fmt.Errorf("it had %s of %s", memory(used), most)
}

func memory(n int64) string {
	const mib = 1 << 20
	if n < mib/10 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/mib)
}

// UntilSignal is a context that is done when this process is told to end; the cause says by which
// signal. SIGPIPE becomes an error. USR1 and USR2 are for the runner: a worker has them when somebody
// signals all processes of the name, and they would end it.
//
// Signals that the user had ignored stay so, for jobs, too. On another machine, far, somebody else has
// them ignored, as Ray does with INT, and jobs are not to know of that.
func UntilSignal(far bool) (context.Context, context.CancelFunc) {
	notify := func(to chan<- os.Signal, signals ...os.Signal) {
		for _, s := range signals {
			if far || !signal.Ignored(s) {
				signal.Notify(to, s)
			}
		}
	}
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	notify(make(chan os.Signal, 1), unix.SIGUSR1, unix.SIGUSR2)
	ctx, cancel := context.WithCancelCause(context.Background())
	got := make(chan os.Signal, 1)
	notify(got, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT)
	go func() { // until one of the two
		select {
		case s := <-got:
			cancel(fmt.Errorf("ended by %s", unix.SignalName(s.(syscall.Signal))))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		cancel(nil)
	}
}

// Expendable tells the system that this process and those that it starts are to be ended
// before others when memory is short.
func Expendable() {
	const file = "/proc/self/oom_score_adj"
	const more, most = 300, 1000
	text, err := os.ReadFile(file)
	if err != nil {
		return // it has no such thing
	}
	if now, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		os.WriteFile(file, []byte(strconv.Itoa(min(most, now+more))), 0)
	}
}

// Failure says how a process has ended, if it was not well.
func (r Result) Failure() error {
	switch {
	case r.Err != nil:
		return r.Err
	case r.Status.Signaled():
		return fmt.Errorf("killed by %s", unix.SignalName(r.Status.Signal()))
	case r.Status.ExitStatus() != 0:
		return fmt.Errorf("exit %d", r.Status.ExitStatus())
	default:
		return nil
	}
}
