package process

import (
	"encoding/binary"
	"os"
	"strconv"
	"syscall"
	"time"

	"fanout/internal/process/proc"
	"fanout/internal/process/vfork"
	"fanout/internal/process/warden"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// startWarden starts the warden, which starts the runner, and returns why it cannot.
func (r *Runner) startWarden(env, cleaner []string) error {
	if err := proc.Unusable(); err != nil {
		return err
	}
	// It waits by this call alone. Nobody is a child of itself.
	if _, err := syscall.Wait4(os.Getpid(), nil, unix.WNOHANG, nil); sysio.Refused(err) {
		return os.NewSyscallError("wait4", err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	self, _ := proc.Read(os.Getpid())
	path := OwnPath()
	spec := warden.Spec{
		Socket: pair[1], Path: path, Argv: os.Args, Env: env,
		Cleaner: append(append(os.Args[:1:1], cleaner...), strconv.Itoa(self.PID), strconv.FormatUint(self.Start, 10)),
		Alone:   lastWord(0),
	}
	if l := vfork.OpenFiles; l.Soft != l.Hard {
		spec.Files = [2]uint64{l.Soft, l.Hard}
	}
	r.talk = pair[0]
	r.warden, err = warden.Start(&spec)
	unix.Close(pair[1])
	if err == nil {
		if err = r.begin(); err != nil {
			r.awaitWarden(killTime)
			err = startError(&Command{Path: path}, err)
		}
	}
	if err != nil {
		unix.Close(r.talk)
		*r = Runner{pidfd: -1}
	}
	return err
}

// begin waits until the warden has started the runner. When the warden has been killed before it could say so, there may
// be a runner, and must not be another: Watch tells the end of this one. Its pid stays 0, which wait takes for any child
// in our process group.
func (r *Runner) begin() error {
	first, ok := r.report()
	switch {
	case !ok:
		r.awaitWarden(0)
		r.lost = true
		return nil
	case first.PID < 0:
		return syscall.Errno(-first.PID)
	}
	r.pid = int(first.PID)
	// The runner may have ended. Then its number may be another process's, whose parent the warden is not.
	if fd, err := pidfdOpen(r.pid); err == nil {
		if p, ok := proc.Read(r.pid); ok && p.Parent == r.warden {
			r.pidfd = fd
		} else {
			unix.Close(fd)
		}
	}
	return nil
}

// report reads what the warden tells next. ok is false when it has ended.
func (r *Runner) report() (next warden.Report, ok bool) {
	var buf [16]byte
	for {
		n, err := sysio.Read(r.talk, buf[:])
		if err == unix.EINTR {
			continue
		}
		next.PID = int64(binary.NativeEndian.Uint64(buf[:]))
		next.Status = int64(binary.NativeEndian.Uint64(buf[8:]))
		return next, err == nil && n == len(buf)
	}
}

// hear is Watch for a runner whose parent is the warden. It returns false when the warden has ended before the runner,
// which is our own child then: we are the next subreaper.
func (r *Runner) hear(changes chan<- syscall.WaitStatus) (ended bool) {
	for {
		next, ok := r.report()
		if !ok {
			r.awaitWarden(0)
			r.lost = true
			return false
		}
		st := syscall.WaitStatus(next.Status)
		changes <- st
		if !st.Stopped() {
			return true
		}
	}
}

// LeaveLeftovers lets the runner's children be, when it has ended as it should.
func (r *Runner) LeaveLeftovers() {
	if r.warden == 0 || r.lost {
		return
	}
	sysio.Write(r.talk, []byte(warden.Leave))
	const most = time.Second
	r.awaitWarden(most)
}

// EndLeftovers ends the runner's children when it has ended too early. They have that long to end by themselves.
func (r *Runner) EndLeftovers(linger time.Duration) {
	if r.warden != 0 && !r.lost {
		sysio.Write(r.talk, []byte(lastWord(linger)))
		const more = 4 * killTime // for what the warden does then
		if r.awaitWarden(linger + more) {
			return
		}
	}
	endChildren(linger)
}

// lastWord tells the warden how long leftovers have to end by themselves: it is the last word of the program that it
// becomes.
func lastWord(linger time.Duration) string { return linger.String() + "\x00" }

// Leftovers ends the children of a process that was a warden. They have that long to end by themselves.
func Leftovers(linger time.Duration) {
	endChildren(linger)
	LeaveCgroups()
}

func endChildren(linger time.Duration) {
	if linger > 0 {
		AwaitChildren(linger)
	}
	EndChildren()
}

// awaitWarden reaps the warden, and reports whether it has ended by itself. When it has been killed, its children are
// ours. One that does not end within most is killed; with 0 it waits for ever.
func (r *Runner) awaitWarden(most time.Duration) (byItself bool) {
	if fd, err := pidfdOpen(r.warden); err == nil && most > 0 {
		if n, err := sysio.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(most.Milliseconds())); n == 0 && err == nil {
			signalChild(r.warden, unix.SIGKILL)
		}
		unix.Close(fd)
	}
	for {
		var st syscall.WaitStatus
		if _, err := wait(r.warden, 0, &st, nil); err != unix.EINTR {
			return err == nil && st.Exited()
		}
	}
}

// ParentOf returns the parent of a process, 0 when it is not known.
func ParentOf(pid int) int {
	p, _ := proc.Read(pid)
	return p.Parent
}
