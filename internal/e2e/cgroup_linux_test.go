package e2e_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMemoryLimitByKernel: in a control group that is delegated to fanout alone, the kernel enforces the memory limit
// of jobs. The run restores the group at its end.
func TestMemoryLimitByKernel(t *testing.T) {
	const hog = `head -c %s /dev/zero | tail -n 1 | wc -c`
	job := strings.ReplaceAll(hog, "%s", "{}")
	program := "while read n; do " + strings.ReplaceAll(hog, "%s", "$n") + "; done"
	for name, command := range map[string][]string{
		"thread":     {"-j2", job},
		"process":    {"-j2", "--mode", "process", job},
		"persistent": {"-j2", "--persistent", "sh", "-c", program},
	} {
		t.Run(name, func(t *testing.T) {
			group := ownGroup(t)
			fanout := []string{"fanout", "-k", "--memory-limit", "100M"}
			script := []string{"sh", "-c", `echo $$ > "$0"/cgroup.procs && exec "$@"`, group}
			r := start(t, slices.Concat(script, fanout, command, []string{":::", "10", "300000000", "20"})...)
			out, _ := io.ReadAll(r.stdout)
			r.ends(123)
			if string(out) != "10\n20\n" {
				t.Errorf("%q", out)
			}
			if want := `job 2, "300000000": over its memory limit: it needed more than 100.0 MiB`; !strings.Contains(string(r.said()), want) {
				t.Errorf("%s", r.said())
			}
			groupIsAsBefore(t, group)
		})
	}
	t.Run("kill -9", func(t *testing.T) {
		group := ownGroup(t)
		r := start(t, "sh", "-c", `echo $$ > "$0"/cgroup.procs && exec fanout --memory-limit 100M 'kill -9 $PPID; sleep 1000; : {}' ::: a`, group)
		r.ends(-1)
		groupIsAsBefore(t, group)
	})
}

// ownGroup makes a control group whose subgroups may have memory limits.
func ownGroup(t *testing.T) string {
	t.Helper()
	const all = "/sys/fs/cgroup"
	with, err := os.ReadFile(all + "/cgroup.subtree_control")
	if err != nil || !slices.Contains(strings.Fields(string(with)), "memory") {
		t.Skipf("no control groups with memory limits: %s/cgroup.subtree_control is %q, %v", all, with, err)
	}
	group, err := os.MkdirTemp(all, "fanout-test-")
	if err != nil {
		t.Skip("control groups cannot be made: ", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	return group
}

func groupIsAsBefore(t *testing.T, group string) {
	t.Helper()
	below, err := filepath.Glob(group + "/*/")
	if len(below) > 0 || err != nil {
		t.Errorf("groups left: %q, %v", below, err)
	}
	if with, err := os.ReadFile(group + "/cgroup.subtree_control"); len(strings.TrimSpace(string(with))) > 0 || err != nil {
		t.Errorf("cgroup.subtree_control: %q, %v", with, err)
	}
}
