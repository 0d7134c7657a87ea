package process

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DieOf ends this process by the signal, as if it had never caught it, and without a core. A shell ends a script at
// Ctrl-C only if its child died of the signal: an exit status of 130 is not enough. DieOf returns where the system does
// not let the process die so, as it protects the first process of a container.
//
// The action is restored by the system call itself: signal.Reset hands SIGQUIT back to Go, which prints a trace of all
// goroutines.
func DieOf(s syscall.Signal) {
	runtime.LockOSThread()
	if s == unix.SIGQUIT {
		// Where cores go to a program, the system ignores the limit on their size.
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}
	var byDefault struct{ handler, flags, restorer, mask uint64 } // struct sigaction of the kernel
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&byDefault)), 0, unsafe.Sizeof(byDefault.mask), 0, 0)
	if errno != 0 && s != unix.SIGKILL {
		return
	}
	var set unix.Sigset_t
	set.Val[0] = 1 << (uint(s) - 1)
	unix.PthreadSigmask(unix.SIG_UNBLOCK, &set, nil)
	unix.Tgkill(os.Getpid(), unix.Gettid(), s) // delivered to this thread before the call returns
}
