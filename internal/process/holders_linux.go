package process

import (
	"fmt"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// awaitExecs waits while a process of another job holds a pipe of ours. A vfork's parent goes on a little before the
// child, in its exec, has closed the descriptors that it does not keep; on a loaded machine another process may have
// the CPU in that moment.
func (t *Tree) awaitExecs() {
	for end := time.Now().Add(killTime); t.heldByOthers() && time.Now().Before(end); {
		t.step(time.Millisecond)
	}
}

// heldByOthers reports whether a child of ours has one of the Tree's pipes open.
func (t *Tree) heldByOthers() bool {
	pipes := map[string]bool{}
	for _, c := range t.captures {
		var st unix.Stat_t
		if c.read >= 0 && unix.Fstat(c.read, &st) == nil {
			pipes[fmt.Sprintf("pipe:[%d]", st.Ino)] = true
		}
	}
	if len(pipes) == 0 {
		return false
	}
	for pid := range t.sup.unreaped() { // the job's own have been reaped
		for target := range proc.Files(pid) {
			if pipes[target] {
				return true
			}
		}
	}
	return false
}
