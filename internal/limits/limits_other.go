//go:build !linux

package limits

// cpus is the affinity: this system has no quotas.
func (machine) cpus(affinity int) int { return affinity }

// roomFor knows of no limit on this system.
func (machine) roomFor(int) (Processes, bool) { return Processes{}, true }
