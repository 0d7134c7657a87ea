package registry

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"fanout/internal/process"

	"golang.org/x/sys/unix"
)

// bootID is other after each start of the system, "" when it is not known.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// pidNamespace is the one that this process is in, 0 when it is not known.
func pidNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
}

// unseen says why the processes of a run cannot be seen from here, "" when they can.
func (r *record) unseen() string {
	const all = 0xEFFFFFFC // the number of the namespace that has all others in it
	here := pidNamespace()
	switch err := process.NoProc(); {
	case err != nil:
		return fmt.Sprintf("what is left of the run cannot be searched for: /proc cannot be used: %v", err)
	case here != 0 && here != all && r.PIDNamespace != 0 && r.PIDNamespace != here:
		return "the run was in another PID namespace, such as another container's, whose processes cannot be seen from here"
	}
	return ""
}

// startOf is when the process was started, which with its pid names it for ever;
// 0 when there is none.
func startOf(pid int) uint64 {
	if process.NoProc() != nil { // another process has that pid there
		return 0
	}
	// The first thread began when the process did. An emulator makes up what a process reads of
	// itself, and then others would read another time; what it reads of its threads is the system's.
	number := strconv.Itoa(pid)
	text, err := os.ReadFile("/proc/" + number + "/task/" + number + "/stat")
	if err != nil {
		return 0
	}
	st, _ := parseStat(text)
	return st.start
}
