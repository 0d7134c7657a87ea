package registry

import (
	"fmt"
	"os"
	"strings"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// bootID returns an ID that changes with each start of the system, "" when it is not known.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// booted returns when the system was started, or a little later: the clock may have been set since.
func booted() time.Time {
	const set = time.Minute
	const ticks = 100 // in a second
	return time.Now().Add(set - time.Duration(proc.Now())*(time.Second/ticks))
}

// pidNamespace returns the namespace that this process is in, 0 when it is not known.
func pidNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
}

// unseen returns why the processes of a run cannot be seen from here, "" when they can.
func (e *openEntry) unseen() string {
	const all = 0xEFFFFFFC // the inode number of the initial namespace, which contains all others
	here := pidNamespace()
	switch err := proc.Unusable(); {
	case err != nil:
		return fmt.Sprintf("its leftovers cannot be found: /proc cannot be used: %v", err)
	case here != 0 && here != all && e.PIDNamespace != 0 && e.PIDNamespace != here:
		return "the run was in another PID namespace, such as another container's, whose processes cannot be seen from here"
	}
	return ""
}

// startOf returns when the process was started, which with its pid identifies it for ever; 0 when there is none.
func startOf(pid int) uint64 {
	if proc.Unusable() != nil { // another process has that pid there
		return 0
	}
	p, _ := proc.Read(pid)
	return p.Start
}

// isAncestor reports whether a process is our parent, or our parent's.
func isAncestor(pid int) bool {
	parent := os.Getppid()
	if parent == pid || proc.Unusable() != nil {
		return parent == pid
	}
	p, _ := proc.Read(parent)
	return p.Parent == pid
}
