package limits

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// groups lists the folder of this process's control group for a controller, and the folder of each group
// around it, as far as they can be seen from here.
func (m machine) groups(controller string) []string {
	group, usual := "", ""
	version2 := false
	for line := range strings.Lines(m.read("/proc/self/cgroup")) {
		// 4:cpu,cpuacct:/jobs or, of version 2, 0::/jobs
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 {
			continue
		}
		if fields[1] == "" && group == "" {
			group, usual, version2 = fields[2], "/sys/fs/cgroup", true
		}
		if listed(fields[1], controller) { // then it is not in version 2, even if that is mounted too
			group, usual, version2 = fields[2], "/sys/fs/cgroup/"+fields[1], false
		}
	}
	if group == "" || strings.HasPrefix(group, "/..") { // it is outside of what can be seen from here
		return nil
	}
	// To read the mounts takes longer than all the rest.
	if folder := path.Join(usual, group); unix.Access(m.root+folder+"/cgroup.procs", unix.F_OK) == nil {
		return upTo(folder, usual)
	}
	for line := range strings.Lines(m.read("/proc/self/mountinfo")) {
		if folder, top := mounted(line, version2, controller, group); folder != "" {
			return upTo(folder, top)
		}
	}
	return nil
}

// mounted returns the folder of a group, and of the uppermost group that can be seen, if a line of mountinfo
// describes the file system of the group; else "".
func mounted(line string, version2 bool, controller, group string) (folder, top string) {
	// 35 25 0:29 ROOT POINT rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
	mount, kind, _ := strings.Cut(line, " - ")
	if !strings.HasPrefix(kind, "cgroup") { // as most lines do not
		return "", ""
	}
	fields, of := strings.Fields(mount), strings.Fields(kind)
	if len(fields) < 5 || len(of) < 3 {
		return "", ""
	}
	if version2 && of[0] != "cgroup2" || !version2 && (of[0] != "cgroup" || !listed(of[2], controller)) {
		return "", ""
	}
	root := unescape(fields[3])
	below, ok := strings.CutPrefix(group, strings.TrimSuffix(root, "/"))
	if !ok || below != "" && below[0] != '/' {
		return "", "" // it is outside of what is mounted here
	}
	top = unescape(fields[4])
	return path.Join(top, below), top
}

// upTo lists the folder and the folders around it, up to the top.
func upTo(folder, top string) []string {
	all := []string{folder}
	for folder != top {
		folder = path.Dir(folder)
		all = append(all, folder)
	}
	return all
}

// listed reports whether a word is in a list with commas.
func listed(list, word string) bool { return slices.Contains(strings.Split(list, ","), word) }

// unescape undoes the escapes of blanks, line ends and backslashes in mountinfo.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// read returns the text of a file; "" if it cannot be read. It does without package os, which prepares files
// for waiting: that doubles the time.
func (m machine) read(name string) string {
	fd, err := unix.Open(m.root+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, 0, 4096)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
		n, err := sysio.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case err == unix.EINTR:
		case err != nil || n <= 0:
			return string(buf)
		default:
			buf = buf[:len(buf)+n]
		}
	}
}

// number returns the number in a file; ok is false if there is none, as for "max".
func (m machine) number(name string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(m.read(name)))
	return n, err == nil
}
