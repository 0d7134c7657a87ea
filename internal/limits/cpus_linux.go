package limits

import (
	"math"
	"strconv"
	"strings"
)

// cpus is the number of these CPUs that the quotas of the control groups allow.
func (m machine) cpus(affinity int) int {
	share := float64(affinity)
	for _, group := range m.groups("cpu") {
		if quota, period := m.quota(group); quota > 0 && period > 0 {
			share = min(share, quota/period)
		}
	}
	return max(1, int(math.Ceil(share)))
}

// quota is the time that the processes of a group may compute in each period; 0 is unlimited.
func (m machine) quota(group string) (quota, period float64) {
	if fields := strings.Fields(m.read(group + "/cpu.max")); len(fields) == 2 { // version 2
		return figure(fields[0]), figure(fields[1])
	}
	if quota = figure(m.read(group + "/cpu.cfs_quota_us")); quota <= 0 { // version 1, mostly -1
		return 0, 0
	}
	return quota, figure(m.read(group + "/cpu.cfs_period_us"))
}

// figure returns 0 for a text that is not a number, such as "max".
func figure(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f < 0 {
		return 0
	}
	return f
}
