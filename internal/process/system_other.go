//go:build !linux

package process

import (
	"os"
	"syscall"
	"unsafe"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// bell is a descriptor that becomes readable.
type bell struct{ r, w int }

func newBell() (bell, error) {
	r, w, err := pipe()
	if err != nil {
		return bell{}, err
	}
	unix.SetNonblock(r, true)
	unix.SetNonblock(w, true)
	return bell{r, w}, nil
}

func (b bell) fd() int { return b.r }
func (b bell) close()  { unix.Close(b.r); unix.Close(b.w) }
func (b bell) ring()   { sysio.Write(b.w, []byte{0}) }

func (b bell) clear() {
	var drain [64]byte
	sysio.Read(b.r, drain[:])
}

func pipe() (r, w int, err error) {
	var p [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(p[:]); err != nil {
		return -1, -1, err
	}
	unix.CloseOnExec(p[0])
	unix.CloseOnExec(p[1])
	return p[0], p[1], nil
}

// unread returns how much a pipe holds.
func unread(fd int) int {
	const fionread = 0x4004667f
	n, _ := unix.IoctlGetInt(fd, fionread)
	return n
}

func widen(int) {}

func sysProcAttr(c *Command, group int, _ *int) *syscall.SysProcAttr {
	if c.Session {
		return &syscall.SysProcAttr{Setsid: true}
	}
	if group == ours {
		return nil
	}
	return &syscall.SysProcAttr{Setpgid: true, Pgid: group}
}

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss }

// awaitExit waits until pid is a zombie, and leaves it one.
func awaitExit(pid int) {
	const byPID = 1     // P_PID
	var info [32]uint64 // room for a siginfo_t, which is not used
	for {
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, byPID, uintptr(pid),
			uintptr(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOWAIT, 0, 0)
		if errno != unix.EINTR {
			return
		}
	}
}

func wait(pid, options int, st *syscall.WaitStatus, usage *syscall.Rusage) (int, error) {
	return syscall.Wait4(pid, st, options, usage)
}

func pidfdOpen(int) (int, error) { return -1, unix.ENOSYS }

// signalChild signals a child of ours that was not reaped: the pid is the child's own.
func signalChild(pid int, s unix.Signal) { unix.Kill(pid, s) }

// OwnPath names this program.
func OwnPath() string {
	path, _ := os.Executable()
	return path
}
