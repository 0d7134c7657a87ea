package process

import (
	"syscall"
	"time"
	"unsafe"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// wait is wait4(2) or, where that is refused, waitid(2).
func wait(pid, options int, st *syscall.WaitStatus, usage *syscall.Rusage) (int, error) {
	got, err := syscall.Wait4(pid, st, options, usage)
	if !sysio.Refused(err) {
		return got, err
	}
	kind := unix.P_PID
	if pid < 0 {
		kind = unix.P_ALL
	}
	var info unix.Siginfo
	// WUNTRACED is WSTOPPED; that the process has ended is to be asked for here.
	if other := unix.Waitid(kind, max(0, pid), &info, options|unix.WEXITED, (*unix.Rusage)(unsafe.Pointer(usage))); other != nil {
		if sysio.Refused(other) {
			other = err
		}
		return 0, other
	}
	got, how := child(&info)
	if st != nil {
		*st = how
	}
	return got, nil
}

// child is what waitid tells of a child: its pid, 0 for none, and how it has changed.
func child(info *unix.Siginfo) (pid int, st syscall.WaitStatus) {
	// What unix.Siginfo does not name: the pid, the uid and the status are the first fields of the
	// 64-bit layout's part for SIGCHLD.
	const pidAt, statusAt = 16, 24
	at := func(offset uintptr) int32 { return *(*int32)(unsafe.Add(unsafe.Pointer(info), offset)) }
	const exited, dumped, stopped = 1, 3, 5 // CLD_
	status := syscall.WaitStatus(at(statusAt))
	switch info.Code {
	case exited:
		st = status << 8
	case dumped:
		st = status | 0x80
	case stopped:
		st = status<<8 | 0x7f
	default:
		st = status
	}
	return int(at(pidAt)), st
}

// awaitExit returns when pid is a zombie, and leaves it one.
func awaitExit(pid int) {
	for {
		var info unix.Siginfo
		switch err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); {
		case err == unix.EINTR:
		case sysio.Refused(err):
			awaitZombie(pid)
			return
		default:
			return
		}
	}
}

// awaitZombie is for a system that has neither pidfds nor waitid for us.
func awaitZombie(pid int) {
	const often = 5 * time.Millisecond
	for {
		if _, living := look(pid); !living {
			return
		}
		time.Sleep(often)
	}
}
