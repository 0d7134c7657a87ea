//go:build !linux

package registry

// hunt removes the entries: processes cannot be searched here.
func (c *Cleanup) hunt(dead []*record) {
	for _, rec := range dead {
		c.remove(rec, "what is left of the run was not searched for: this system does not show the environment of processes")
	}
}

// stop stops nothing: a pid that was written down may mean another process by now.
func (c *Cleanup) stop(live []*record) (dead []*record) {
	for _, rec := range live {
		c.tell(rec, NotStopped, "processes cannot be told apart safely on this system: stop it yourself")
	}
	return nil
}
