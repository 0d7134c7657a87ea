//go:build !linux

package registry

// sweep removes the entries alone: the processes of a run cannot be found here.
func (c *Cleanup) sweep(dead []*openEntry) {
	for _, e := range dead {
		c.remove(e, "its leftovers, if there are any, run on: this system does not show the environment of processes")
	}
}

// stop stops nothing: a pid that was written down may mean another process by now.
func (c *Cleanup) stop(live []*openEntry) (dead []*openEntry) {
	for _, e := range live {
		c.tell(e, NotStopped, "this system cannot tell for sure which process it is: stop it yourself")
	}
	return nil
}
