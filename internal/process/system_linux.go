package process

import (
	"syscall"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// bell is a descriptor that becomes readable.
type bell struct{ event int }

func newBell() (bell, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	return bell{fd}, err
}

func (b bell) fd() int { return b.event }
func (b bell) close()  { unix.Close(b.event) }

func (b bell) ring() {
	sysio.Write(b.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (b bell) clear() {
	var rings [8]byte
	sysio.Read(b.event, rings[:])
}

func pipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	return p[0], p[1], nil
}

// unread returns how much a pipe holds.
func unread(fd int) int {
	n, _ := unix.IoctlGetInt(fd, unix.TIOCINQ)
	return n
}

// widen enlarges a pipe if the system allows it.
func widen(fd int) { unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, widePipe) }

func sysProcAttr(c *Command, group int, pidfd *int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{PidFD: pidfd, UseCgroupFD: c.cgroup > 0, CgroupFD: c.cgroup}
	switch {
	case c.Session:
		a.Setsid = true
	case group != ours:
		a.Setpgid, a.Pgid = true, group
	}
	return a
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss << 10 }

func pidfdOpen(pid int) (int, error) { return unix.PidfdOpen(pid, 0) }

// signalChild signals a child of ours that was not reaped: the pid is the child's own.
func signalChild(pid int, s unix.Signal) {
	if !sysio.Refused(unix.Kill(pid, s)) {
		return
	}
	if fd, err := unix.PidfdOpen(pid, 0); err == nil {
		unix.PidfdSendSignal(fd, s, nil, 0)
		unix.Close(fd)
	}
}
