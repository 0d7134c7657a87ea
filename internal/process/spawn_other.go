//go:build !(linux && amd64)

package process

// spawner starts processes, one at a time.
type spawner struct{}

// spawn starts c in the process group, or in a new one when group is 0. The pidfd is -1 where the system has none.
func (*spawner) spawn(c *Command, group int, refused *refused) (pid, pidfd int, err error) {
	return forkExec(c, group, refused)
}
