//go:build !linux

package process

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// DieOf ends this process by the signal, as if it had never caught it. It returns for SIGQUIT, whose default action Go
// does not restore.
func DieOf(s syscall.Signal) {
	if s == syscall.SIGQUIT {
		return
	}
	signal.Reset(s)
	syscall.Kill(os.Getpid(), s)
	const delivery = time.Second // to another thread than this one
	time.Sleep(delivery)
}
