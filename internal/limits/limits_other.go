//go:build !linux

package limits

// cpus is all of them: there are no quotas here.
func (machine) cpus(affinity int) int { return affinity }

// roomFor knows of no limit here.
func (machine) roomFor(int) (Processes, bool) { return Processes{}, true }
