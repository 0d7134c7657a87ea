//go:build !linux

package process

import "golang.org/x/sys/unix"

// census cannot look at other processes' groups here without a helper program.
type census struct{}

// alive ends what is left of the group instead of giving it the grace.
func (*census) alive(group int) bool {
	unix.Kill(-group, unix.SIGKILL)
	return false
}
