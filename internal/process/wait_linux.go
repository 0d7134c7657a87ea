package process

import (
	"syscall"
	"time"
	"unsafe"

	"fanout/internal/process/proc"
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
	// WUNTRACED is WSTOPPED; for ended processes, waitid needs WEXITED.
	if other := unix.Waitid(kind, max(0, pid), &info, options|unix.WEXITED, (*unix.Rusage)(unsafe.Pointer(usage))); other != nil {
		if sysio.Refused(other) {
			other = err
		}
		return 0, other
	}
	got, how := changed(&info)
	if st != nil {
		*st = how
	}
	return got, nil
}

// changed returns what waitid tells of a child: its pid, 0 for none, and its new status.
func changed(info *unix.Siginfo) (pid int, st syscall.WaitStatus) {
	// unix.Siginfo does not name the pid, the uid and the status: they are the first fields of the 64-bit layout's part
	// for SIGCHLD.
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

// awaitExit waits until pid is a zombie, and leaves it one.
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

// awaitZombie is awaitExit for a system that lets us use neither pidfds nor waitid.
func awaitZombie(pid int) {
	const often = 5 * time.Millisecond
	for {
		if _, living := proc.Living(pid); !living {
			return
		}
		time.Sleep(often)
	}
}
