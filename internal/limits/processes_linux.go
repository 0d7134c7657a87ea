package limits

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// roomFor asks the control groups and the limit of the user.
func (m machine) roomFor(more int) (tightest Processes, ok bool) {
	ok = true
	consider := func(p Processes) {
		if p.Left() < more && (ok || p.Left() < tightest.Left()) {
			tightest, ok = p, false
		}
	}
	for _, group := range m.groups("pids") {
		most, limited := m.number(group + "/pids.max")
		if !limited {
			continue
		}
		used, _ := m.number(group + "/pids.current")
		consider(Processes{fmt.Sprintf("pids.max of the control group %s", group), most, used})
	}
	if p, limited := m.ofUser(more); limited {
		consider(p)
	}
	return tightest, ok
}

// ofUser returns the limit of the user, unless it leaves room for so many more no matter whose processes run
// now.
func (m machine) ofUser(more int) (p Processes, limited bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		return p, false
	}
	const some = 1 << 30
	if limit.Cur > some || more < some && int(limit.Cur)-m.all() >= more || m.exempt() {
		return p, false
	}
	return Processes{"the limit of the user (ulimit -u)", int(limit.Cur), m.own(os.Getuid())}, true
}

// all is the number of processes and threads on the machine, also of those that cannot be seen from here.
func (m machine) all() int {
	// 0.00 0.01 0.05 RUNNING/ALL LAST
	fields := strings.Fields(m.read("/proc/loadavg"))
	if len(fields) < 4 {
		return 1 << 30
	}
	_, all, _ := strings.Cut(fields[3], "/")
	n, err := strconv.Atoi(all)
	if err != nil {
		return 1 << 30
	}
	return n
}

// exempt reports whether the limit of the user does not hold for this process: the process is root's, or may
// override limits. In a user namespace, none may.
func (m machine) exempt() bool {
	if m.userNamespace() {
		return false
	}
	if os.Getuid() == 0 {
		return true
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE|1<<unix.CAP_SYS_ADMIN) != 0
}

// userNamespace reports whether this process is in a user namespace other than the first.
func (m machine) userNamespace() bool {
	return !slices.Equal(strings.Fields(m.read("/proc/self/uid_map")), []string{"0", "0", "4294967295"})
}

// own counts the processes and threads of a user, as far as they can be seen.
func (m machine) own(uid int) (count int) {
	dir, err := os.Open(m.root + "/proc")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		count += threadsOf(m.read("/proc/"+name+"/status"), strconv.Itoa(uid))
	}
	return count
}

// threadsOf returns the number of threads of a process; 0 if it is another user's.
func threadsOf(status, uid string) (n int) {
	ours := false
	for line := range strings.Lines(status) {
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "Uid": // real, effective, saved, file system
			ours = len(strings.Fields(value)) > 0 && strings.Fields(value)[0] == uid
		case "Threads":
			if ours {
				n, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			return n
		}
	}
	return 0
}
