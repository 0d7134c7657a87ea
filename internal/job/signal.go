package job

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName is the name that people know a signal by, SIGKILL and not "killed".
func SignalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}
