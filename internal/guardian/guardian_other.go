//go:build !linux

package guardian

import (
	"errors"
	"syscall"
	"time"
)

// errNotHere is why there is no guardian.
var errNotHere = errors.New("not on this system")

// Guard does nothing here: no process can become the parent of orphans.
func Guard(...string) (code int, ran bool, reason error) { return 0, false, errNotHere }

// Attach finds no guardian here.
func Attach() *Link { return nil }

// Link would be the connection to the guardian.
type Link struct{ signals chan syscall.Signal }

// Pid returns the guardian's PID.
func (*Link) Pid() int { return 0 }

// Lack returns what there is not.
func (*Link) Lack() error { return nil }

// Signals returns the signals that the guardian got.
func (l *Link) Signals() <-chan syscall.Signal { return l.signals }

// Done tells the guardian that the run has ended as it should.
func (*Link) Done() {}

// Linger tells the guardian how long the runner's children have to end by themselves.
func (*Link) Linger(time.Duration) {}

// Silence tells the guardian for how long the runner may not answer.
func (*Link) Silence(time.Duration) {}

// Close ends the connection.
func (*Link) Close() {}

// GuardRemote does nothing here either.
func GuardRemote(...string) (code int, ran bool, reason error) { return 0, false, errNotHere }

// After does nothing here.
func After(time.Duration) {}
