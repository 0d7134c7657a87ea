package guardian

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"fanout/internal/process"

	"golang.org/x/sys/unix"
)

// Link is the runner's connection to its guardian.
type Link struct {
	file    *os.File
	pid     int
	signals chan syscall.Signal
	ended   chan struct{}
}

// Attach finds the guardian of this process; nil means none. The variable that tells of it is removed from the
// environment, so that a job which runs fanout has a guardian of its own.
func Attach() *Link {
	fd, is := inherited()
	os.Unsetenv(linkVariable)
	if !is {
		return nil
	}
	process.KeepTrace() // the guardian tells of the trace
	return newLink(fd)
}

// newLink returns a Link over the descriptor, which it closes at the end.
func newLink(fd int) *Link {
	unix.CloseOnExec(fd)
	unix.SetNonblock(fd, true)
	l := &Link{
		file:    os.NewFile(uintptr(fd), "guardian"),
		pid:     os.Getppid(),
		signals: make(chan syscall.Signal, 16),
		ended:   make(chan struct{}),
	}
	go l.read()
	return l
}

// inherited finds the end of a Link that this process's parent, a guardian, has made for it. Where the system does not
// tell which process has the other end, the parent's pid is proof enough.
func inherited() (fd int, is bool) {
	var pid int
	if n, _ := fmt.Sscanf(os.Getenv(linkVariable), "%d %d", &fd, &pid); n != 2 || pid != os.Getppid() {
		return 0, false
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err == nil {
		return fd, int(peer.Pid) == pid
	}
	return fd, err != unix.EBADF && err != unix.ENOTSOCK
}

// read reads the signals that the guardian sends, until it is gone or the Link is closed.
func (l *Link) read() {
	defer close(l.ended)
	defer close(l.signals)
	var buf [1]byte
	for {
		n, err := l.file.Read(buf[:])
		if n == 0 || err != nil {
			return
		}
		select {
		case l.signals <- syscall.Signal(buf[0]):
		default: // nobody sends that many on purpose
		}
	}
}

// Pid returns the guardian's PID.
func (l *Link) Pid() int { return l.pid }

// Signals returns the signals that the guardian got, each once. It is closed when the guardian is gone.
func (l *Link) Signals() <-chan syscall.Signal { return l.signals }

// Done tells the guardian that the run has ended as it should: leftovers of jobs stay.
func (l *Link) Done() { l.file.Write([]byte(done)) }

// Linger tells the guardian to give the runner's children that long to end by themselves, and then TERM, before it
// kills them: they may have to tell other machines of their end.
func (l *Link) Linger(most time.Duration) { l.file.Write([]byte(linger + most.String())) }

// Silence tells the guardian of a runner on another machine than its user how long that user waits for an answer.
func (l *Link) Silence(most time.Duration) { l.file.Write([]byte(silence + most.String())) }

// Close ends the connection.
func (l *Link) Close() {
	l.file.Close()
	<-l.ended
}
