package process

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// awaitExecs waits while a process of another job holds a pipe of ours. A vfork's
// parent goes on a little before the child, in its exec, has closed what it does not
// keep; on a loaded machine another may have the CPU for that little.
func (t *Tree) awaitExecs() {
	for end := time.Now().Add(gone); t.heldByOthers() && time.Now().Before(end); {
		t.step(time.Millisecond)
	}
}

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
	for pid := range t.sup.owned() { // none is the job's own: those have been reaped
		dir := fmt.Sprintf("/proc/%d/fd/", pid)
		fds, _ := os.ReadDir(dir)
		for _, fd := range fds {
			if link, err := os.Readlink(dir + fd.Name()); err == nil && pipes[link] {
				return true
			}
		}
	}
	return false
}
