package limits

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// tree is a file system, by the names of its files.
type tree map[string]string

func (files tree) machine(t *testing.T) machine {
	t.Helper()
	m := machine{root: t.TempDir()}
	for name, text := range files {
		file := filepath.Join(m.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// The ways in which control groups are mounted: the files that say so, and the folders of the
// groups, from our own up.
var mounts = map[string]struct {
	cgroup, mountinfo string
	cpu, pids         []string
}{
	"version 2": {
		"0::/user.slice/user-1000.slice/run.scope",
		"24 1 0:21 / / rw - ext4 /dev/sda1 rw\n29 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate",
		[]string{"/sys/fs/cgroup/user.slice/user-1000.slice/run.scope", "/sys/fs/cgroup/user.slice/user-1000.slice", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"},
		[]string{"/sys/fs/cgroup/user.slice/user-1000.slice/run.scope", "/sys/fs/cgroup/user.slice/user-1000.slice", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"},
	},
	"version 2 in a namespace": {
		"0::/",
		"29 24 0:26 / /sys/fs/cgroup ro,nosuid master:9 - cgroup2 cgroup rw",
		[]string{"/sys/fs/cgroup"}, []string{"/sys/fs/cgroup"},
	},
	"version 1, several controllers together": {
		"9:pids:/jobs/a\n4:cpu,cpuacct:/jobs\n1:name=systemd:/",
		"30 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n31 29 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n32 29 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids",
		[]string{"/sys/fs/cgroup/cpu,cpuacct/jobs", "/sys/fs/cgroup/cpu,cpuacct"},
		[]string{"/sys/fs/cgroup/pids/jobs/a", "/sys/fs/cgroup/pids/jobs", "/sys/fs/cgroup/pids"},
	},
	"version 1 in a container without a namespace": {
		"4:cpu:/docker/0af\n3:cpuset:/docker/0af\n2:pids:/docker/0af/b",
		"31 29 0:28 /docker/0af /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n31 29 0:28 /docker/0af /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids",
		[]string{"/sys/fs/cgroup/cpu"},
		[]string{"/sys/fs/cgroup/pids/b", "/sys/fs/cgroup/pids"},
	},
	"both versions, the controllers in version 1": {
		"4:cpu:/x\n2:pids:/x\n0::/y",
		"31 29 0:28 / /c/cpu rw - cgroup cgroup rw,cpu\n31 29 0:28 / /c/pids rw - cgroup cgroup rw,pids\n33 29 0:30 / /c/unified rw - cgroup2 cgroup2 rw",
		[]string{"/c/cpu/x", "/c/cpu"},
		[]string{"/c/pids/x", "/c/pids"},
	},
	"a name that only begins alike": {
		"0::/jobs2/a",
		"29 24 0:26 /jobs /wrong rw - cgroup2 cgroup2 rw\n29 24 0:26 /jobs2 /my\\040groups\\134 rw - cgroup2 cgroup2 rw",
		[]string{`/my groups\/a`, `/my groups\`}, []string{`/my groups\/a`, `/my groups\`},
	},
	"outside of what is mounted": {
		"0::/../other",
		"29 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
		nil, nil,
	},
	"no controller":    {"0::/x", "24 1 0:21 / / rw - ext4 /dev/sda1 rw", nil, nil},
	"no control group": {"", "", nil, nil},
	"torn lines":       {"0:\n:\n4:cpu\n\n0::/x", "29 24\n - cgroup2\n29 24 0:26 / /c - cgroup2 cgroup2 rw\n", []string{"/c/x", "/c"}, []string{"/c/x", "/c"}},
}

func TestGroups(t *testing.T) {
	for name, tt := range mounts {
		m := tree{"/proc/self/cgroup": tt.cgroup, "/proc/self/mountinfo": tt.mountinfo}.machine(t)
		for controller, want := range map[string][]string{"cpu": tt.cpu, "pids": tt.pids} {
			if got := m.groups(controller); strings.Join(got, ":") != strings.Join(want, ":") {
				t.Errorf("%s: %s is in %q, want %q", name, controller, got, want)
			}
		}
	}
	// If the groups are at their usual place, the mounts are not read.
	m := tree{"/proc/self/cgroup": "3:cpu,cpuacct:/a\n0::/b", "/sys/fs/cgroup/cpu,cpuacct/a/cgroup.procs": "", "/sys/fs/cgroup/b/cgroup.procs": ""}.machine(t)
	for controller, want := range map[string]string{"cpu": "/sys/fs/cgroup/cpu,cpuacct/a:/sys/fs/cgroup/cpu,cpuacct", "pids": "/sys/fs/cgroup/b:/sys/fs/cgroup"} {
		if got := strings.Join(m.groups(controller), ":"); got != want {
			t.Errorf("%s is in %q, want %q", controller, got, want)
		}
	}
	if got := (machine{root: t.TempDir()}).groups("cpu"); got != nil {
		t.Errorf("without /proc: %q", got)
	}
}

func TestCPUs(t *testing.T) {
	const v1, v2 = "version 1, several controllers together", "version 2"
	top2 := "/sys/fs/cgroup/user.slice"
	for _, tt := range []struct {
		name, mount string
		files       tree
		affinity    int
		want        int
	}{
		{"no quota", v2, tree{top2 + "/cpu.max": "max 100000"}, 8, 8},
		{"own quota", v2, tree{top2 + "/user-1000.slice/run.scope/cpu.max": "200000 100000"}, 8, 2},
		{"part of a CPU", v2, tree{top2 + "/user-1000.slice/run.scope/cpu.max": "50000 100000"}, 8, 1},
		{"one and a half", v2, tree{top2 + "/user-1000.slice/run.scope/cpu.max": "150000 100000"}, 8, 2},
		{"hardly anything", v2, tree{top2 + "/user-1000.slice/run.scope/cpu.max": "1000 1000000"}, 8, 1},
		{"a parent's", v2, tree{top2 + "/cpu.max": "300000 100000", top2 + "/user-1000.slice/run.scope/cpu.max": "max 100000"}, 8, 3},
		{"the smaller of two", v2, tree{top2 + "/cpu.max": "300000 100000", top2 + "/user-1000.slice/cpu.max": "50000 10000"}, 8, 3},
		{"more than there are", v2, tree{top2 + "/cpu.max": "900000 100000"}, 8, 8},
		{"unreadable", v2, tree{top2 + "/cpu.max": "what"}, 8, 8},
		{"no period", v2, tree{top2 + "/cpu.max": "1000 0"}, 8, 8},
		{"none", v1, tree{"/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us": "-1", "/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us": "100000"}, 8, 8},
		{"own", v1, tree{"/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us": "250000", "/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us": "100000"}, 8, 3},
		{"the top's", v1, tree{"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000"}, 8, 1},
		{"files of neither", v1, nil, 8, 8},
	} {
		files := tree{"/proc/self/cgroup": mounts[tt.mount].cgroup, "/proc/self/mountinfo": mounts[tt.mount].mountinfo}
		for name, text := range tt.files {
			files[name] = text
		}
		if got := files.machine(t).cpus(tt.affinity); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.mount, tt.name, got, tt.want)
		}
	}
	if got := CPUs(); got < 1 || got > runtime.NumCPU() {
		t.Errorf("%d here", got)
	}
}

func TestRoomFor(t *testing.T) {
	const top = "/sys/fs/cgroup/user.slice"
	groups := tree{
		"/proc/self/cgroup": mounts["version 2"].cgroup, "/proc/self/mountinfo": mounts["version 2"].mountinfo, "/proc/loadavg": "0.00 0.01 0.05 1/300 4711",
		top + "/pids.max": "100", top + "/pids.current": "70",
		top + "/user-1000.slice/pids.max": "max", top + "/user-1000.slice/pids.current": "60",
		top + "/user-1000.slice/run.scope/pids.max": "50", top + "/user-1000.slice/run.scope/pids.current": "10",
	}
	m := groups.machine(t)
	if p, ok := m.roomFor(30); !ok {
		t.Errorf("no room for 30: %v", p)
	}
	p, ok := m.roomFor(31)
	if want := "pids.max of the control group " + top + " allows 100 processes and threads, and 70 exist"; ok || p.String() != want || p.Left() != 30 {
		t.Errorf("%v, %v, want %s", p, ok, want)
	}
	if p, ok := m.roomFor(41); ok || p.Left() != 30 {
		t.Errorf("%v, %v: not the tightest", p, ok)
	}
	if (Processes{Max: 5, Used: 7}).Left() != 0 {
		t.Error("less than none is left")
	}
}

func TestThreadsOf(t *testing.T) {
	const status = "Name:\tsh\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\nThreads:\t7\nSigQ:\t0/1\n"
	for uid, want := range map[string]int{"1000": 7, "0": 0, "100": 0} {
		if got := threadsOf(status, uid); got != want {
			t.Errorf("of %s: %d, want %d", uid, got, want)
		}
	}
	if threadsOf("", "0") != 0 || threadsOf("Uid:\nThreads:\t3\n", "0") != 0 {
		t.Error("of a process that is gone")
	}
	m := tree{"/proc/1/status": status, "/proc/22/status": status, "/proc/sys/status": status, "/proc/3/status": "Uid:\t5\t5\t5\t5\nThreads:\t1\n"}.machine(t)
	if got := m.own(1000); got != 14 {
		t.Errorf("%d, want 14", got)
	}
}
