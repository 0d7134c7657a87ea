package guardian

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fanout/internal/process"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Link is the runner's connection to its guardian.
type Link struct {
	file    *os.File
	told    told
	signals chan syscall.Signal
	ended   chan struct{}
}

// Attach finds the guardian of this process; nil means none. The variable that tells of it is removed from the
// environment, so that a job which runs fanout has a guardian of its own.
func Attach() *Link {
	t, is := inherited()
	os.Unsetenv(linkVariable)
	if !is {
		return nil
	}
	process.KeepTrace() // the guardian tells of the trace
	if t.alone == nil {
		t.alone = awaitApart()
	}
	return newLink(t)
}

// newLink returns a Link over the descriptor, which it closes at the end.
func newLink(t told) *Link {
	unix.CloseOnExec(t.fd)
	unix.SetNonblock(t.fd, true)
	l := &Link{
		file:    os.NewFile(uintptr(t.fd), "guardian"),
		told:    t,
		signals: make(chan syscall.Signal, 16),
		ended:   make(chan struct{}),
	}
	go l.read()
	return l
}

// told is what the guardian tells the runner at its start.
type told struct {
	fd    int   // the runner's end of the Link
	pid   int   // the guardian's
	alone error // why there is no warden
}

func (t told) String() string {
	last := hasWarden
	if t.alone != nil {
		last = t.alone.Error()
	}
	return fmt.Sprintf("%d %d %s", t.fd, t.pid, last)
}

// inherited finds the end of a Link that a guardian has made for this process: its parent or, when there is a warden,
// its parent's parent. Where the system does not tell which process has the other end, the pid is proof enough.
func inherited() (t told, is bool) {
	words := strings.SplitN(os.Getenv(linkVariable), " ", 3)
	if len(words) < 3 {
		return t, false
	}
	var errs [2]error
	t.fd, errs[0] = strconv.Atoi(words[0])
	t.pid, errs[1] = strconv.Atoi(words[1])
	if errs != [2]error{} {
		return told{}, false
	}
	if words[2] != hasWarden {
		t.alone = errors.New(words[2])
	}
	peer, err := unix.GetsockoptUcred(t.fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	switch parent := os.Getppid(); {
	case err == unix.EBADF, err == unix.ENOTSOCK, err == nil && int(peer.Pid) != t.pid:
		return told{}, false
	case t.alone != nil:
		is = parent == t.pid
	default:
		// A guardian that has been killed has left the socket.
		is = process.ParentOf(parent) == t.pid || err == nil && hungUp(t.fd)
	}
	if !is {
		t = told{}
	}
	return t, is
}

// hungUp reports whether nobody has the other end of a socket.
func hungUp(fd int) bool {
	polls := []unix.PollFd{{Fd: int32(fd)}}
	sysio.Poll(polls, 0)
	return polls[0].Revents&unix.POLLHUP != 0
}

// awaitApart waits until the warden, our parent, has left our process group: it does so just after it has started us,
// and a signal to the group would reach it before. It returns why there is no warden that survives such a signal.
func awaitApart() error {
	const most, often = time.Second, 50 * time.Microsecond
	for end := time.Now().Add(most); ; time.Sleep(often) {
		group, err := unix.Getpgid(os.Getppid())
		switch {
		case err != nil || group != unix.Getpgrp(): // or it has been killed
			return nil
		case time.Now().After(end):
			return errors.New("it stays in the process group")
		}
	}
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
func (l *Link) Pid() int { return l.told.pid }

// Lack returns what is weaker because there is no warden, nil when there is one.
func (l *Link) Lack() error {
	if l.told.alone == nil {
		return nil
	}
	return process.Lack{Of: process.Wardens, Err: l.told.alone}
}

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
