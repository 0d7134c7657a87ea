package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory returns how many bytes the processes of a job may have; 0 means no limit.
func (s *Supervisor) Memory() int64 { return s.spec.Memory }

// MemoryError returns by how much a job was over its limit.
func MemoryError(used, limit int64) error {
	most := memory(limit)
	if used <= limit { // the kernel did not let it have more
		return fmt.Errorf("it needed more than %s", most)
	}
	return fmt.Errorf("it used %s of %s", memory(used), most)
}

func memory(n int64) string {
	const mib = 1 << 20
	if n < mib/10 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/mib)
}

// Expendable tells the system to end this process and those that it starts before others when memory is short.
func Expendable() {
	const file = "/proc/self/oom_score_adj"
	const more, most = 300, 1000
	text, err := os.ReadFile(file)
	if err != nil {
		return // the system has no such file
	}
	if now, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		os.WriteFile(file, []byte(strconv.Itoa(min(most, now+more))), 0)
	}
}
