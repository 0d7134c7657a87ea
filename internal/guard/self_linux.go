package guard

import (
	"os"
	"strconv"
	"strings"
)

// bootID is other after each start of the system.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// startOf is when the process was started, which with its pid names it for ever;
// 0 when there is none.
func startOf(pid int) uint64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	st, _ := parseStat(text)
	return st.start
}
