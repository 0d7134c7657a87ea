package testkit

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// DefaultSignals makes the processes that a test starts begin with the default action of each signal, as from a
// terminal. Under nohup, and in the background of a shell, HUP, INT and QUIT are ignored, and all programs that a test
// starts would inherit that. A signal that this process itself has a handler for is not passed on, and so it stays
// without effect here.
func DefaultSignals() {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "\nSigIgn:\t")
	var ignored uint64
	if _, err := fmt.Sscanf(after, "%x", &ignored); err != nil {
		return
	}
	for s := range syscall.Signal(32) { // nobody uses those of real time here
		if s > 0 && ignored&(1<<(s-1)) != 0 {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}
