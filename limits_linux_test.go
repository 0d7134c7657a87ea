package main_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limitedGroup makes a control group with a group in it, and returns the folder of that. The outer
// one has limits: files of version 2 or, where the controller is of version 1, of that.
func limitedGroup(t *testing.T, controller string, version1, version2 map[string]string) (inner string) {
	t.Helper()
	top, limits := groupsOf(controller), version1
	if top == "" {
		top, limits = "/sys/fs/cgroup", version2
		with, err := os.ReadFile(top + "/cgroup.subtree_control")
		if err != nil || !slices.Contains(strings.Fields(string(with)), controller) {
			t.Skipf("no control groups with the controller %s: %s/cgroup.subtree_control is %q, %v", controller, top, with, err)
		}
	}
	outer, err := os.MkdirTemp(top, "fanout-test-")
	if err != nil {
		t.Skip("control groups cannot be made: ", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(outer); err != nil {
			t.Error(err)
		}
	})
	for file, text := range limits {
		if err := os.WriteFile(filepath.Join(outer, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inner = filepath.Join(outer, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(inner) })
	return inner
}

// groupsOf is where the groups of a controller of version 1 are mounted, else "".
func groupsOf(controller string) string {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		mount, kind, _ := strings.Cut(strings.TrimSpace(line), " - cgroup ")
		options := strings.Split(kind[strings.LastIndexByte(kind, ' ')+1:], ",")
		if slices.Contains(options, controller) {
			return strings.Fields(mount)[4]
		}
	}
	return ""
}

// printed is what it writes to standard output until its end.
func (r *running) printed() string {
	r.t.Helper()
	r.stdout.SetReadDeadline(time.Now().Add(patience))
	out, err := io.ReadAll(r.stdout)
	if err != nil {
		r.t.Errorf("its output does not end: %v; stderr:\n%s", err, r.said())
	}
	return string(out)
}

// within is a command that runs in a control group.
func within(group string, command ...string) []string {
	return slices.Concat([]string{"sh", "-c", `echo $$ > "$0"/cgroup.procs && exec "$@"`, group}, command)
}

// TestQuota: the number of jobs at a time goes by the time of CPUs that the control groups
// allow, also where that is the limit of a group around fanout's own.
func TestQuota(t *testing.T) {
	half := func(t *testing.T) string {
		return limitedGroup(t, "cpu",
			map[string]string{"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "10000"},
			map[string]string{"cpu.max": "10000 20000"})
	}
	for name, tt := range map[string]struct {
		args  []string
		slots string
	}{
		"default": {nil, "1 2"},
		"200%":    {[]string{"-j200%"}, "1 2"},
		"+2":      {[]string{"-j+2"}, "1 2 3"},
		"process": {[]string{"-m", "process"}, "1"},
		"given":   {[]string{"-j4"}, "1 2 3 4"},
	} {
		t.Run(name, func(t *testing.T) {
			// Each job waits until as many others run as are wanted.
			job := `mkdir -p run; touch run/{%}; until [ $(ls run | wc -l) -ge $WANTED ]; do sleep 0.02; done; echo {%}`
			r := prepare(t, within(half(t), slices.Concat([]string{"fanout", "-q"}, tt.args, []string{job, ":::"}, strings.Fields("1 2 3 4 5 6 7 8"))...)...)
			wanted := strings.Fields(tt.slots)
			r.cmd.Env = append(r.cmd.Env, "WANTED="+wanted[len(wanted)-1])
			r.begin()
			got := strings.Fields(r.printed())
			r.ends(0)
			slices.Sort(got)
			if used := strings.Join(slices.Compact(got), " "); len(got) != 8 || used != tt.slots {
				t.Errorf("the slots of the jobs are %q, want %q", used, tt.slots)
			}
		})
	}
}
