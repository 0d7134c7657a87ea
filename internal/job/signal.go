package job

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName returns the name that people know a signal by: SIGKILL, not "killed".
func SignalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}

// SignalNumber returns the signal with a name of SignalName's, or 0.
func SignalNumber(name string) int {
	if n := unix.SignalNum(name); n != 0 {
		return int(n)
	}
	var n int
	fmt.Sscanf(name, "signal %d", &n) // leaves 0
	return n
}
