// Package entry finds out which standard descriptors were closed, and which signals ignored, when the program was
// started.
//
// Go opens /dev/null in place of closed descriptors before any code of a program runs, so that output to a closed
// standard output is lost without a word. Such a /dev/null cannot be told from one that a parent has given: libuv opens
// its own in the same way. So the program is linked to begin with a few instructions of its own that ask first (make
// build: -E fanout_entry). In a program that is built otherwise, all descriptors count as open.
//
// Of signals, Go leaves only HUP and INT ignored. It handles the others, and does not tell what their actions were.
package entry

import (
	"os"

	"golang.org/x/sys/unix"
)

// stdin and stdout are the answers of fcntl(fd, F_GETFD) for 0 and 1. They are written before Go starts.
var stdin, stdout int64

// actions are the actions of the signals that asked lists, as rt_sigaction(2) returns them. They are written before Go
// starts.
var actions [5]struct{ handler, flags, restorer, mask uint64 }

// asked returns the signals whose action is asked for, in the order of the instructions.
func asked() [len(actions)]os.Signal {
	return [...]os.Signal{unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGTERM, unix.SIGTSTP}
}

// Ignored returns the signals that fanout was started to ignore, of those that it obeys, but for HUP and INT.
func Ignored() (all []os.Signal) {
	const ignored = 1 // SIG_IGN
	for i, s := range asked() {
		if actions[i].handler == ignored {
			all = append(all, s)
		}
	}
	return all
}

// Reopen makes reading standard input and writing standard output fail, as they did when the program was started, where
// they were closed: standard error may be closed on purpose.
func Reopen() {
	for fd, was := range []int64{stdin, stdout} {
		if was != -int64(unix.EBADF) {
			continue
		}
		mode := unix.O_WRONLY // reading it fails with EBADF
		if fd == 1 {
			mode = unix.O_RDONLY
		}
		if null, err := unix.Open("/dev/null", mode|unix.O_CLOEXEC, 0); err == nil {
			unix.Dup3(null, fd, 0)
			unix.Close(null)
		}
	}
}
