package registry

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"fanout/internal/process"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// proc is a process, held by its directory in /proc: what is read through it, and
// what is sent through it, is that process's or fails, also when its pid has come
// to mean another.
type proc struct {
	pid, dir int
}

func openProc(pid int) (proc, error) {
	dir, err := unix.Open("/proc/"+strconv.Itoa(pid), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return proc{pid, dir}, err
}

func (p proc) close() {
	if p.dir >= 0 {
		unix.Close(p.dir)
	}
}

// signal is sent by pidfd_send_signal(2), which takes such a directory for a pidfd. Where that is
// refused, by the pid of a process that was there a moment ago.
func (p proc) signal(s unix.Signal) error {
	err := unix.PidfdSendSignal(p.dir, s, nil, 0)
	if _, there := p.stat(nil); there && sysio.Refused(err) {
		err = unix.Kill(p.pid, s)
	}
	return err
}

// read reads a file of the process into buf, which grows as needed.
func (p proc) read(name string, buf []byte) ([]byte, error) {
	fd, err := unix.Openat(p.dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if buf = buf[:0]; cap(buf) == 0 {
		buf = make([]byte, 0, 4<<10)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := sysio.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return buf, nil
		default:
			buf = buf[:len(buf)+n]
		}
	}
}

// stat is what of /proc/PID/stat matters here.
type stat struct {
	state   byte
	parent  int
	threads int
	start   uint64 // clock ticks since the system's start
}

// ended says that the process has, though its parent may not have heard of it. A
// first thread may end before the others.
func (s stat) ended() bool { return s.state == 'X' || s.state == 'Z' && s.threads <= 1 }

func (p proc) stat(buf []byte) (stat, bool) {
	text, err := p.read("stat", buf)
	if err != nil {
		return stat{}, false
	}
	return parseStat(text)
}

// parseStat reads "PID (NAME) STATE PPID …", where NAME may hold blanks and
// parentheses.
func parseStat(text []byte) (s stat, ok bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return s, false
	}
	var errs [3]error
	s.state = fields[0][0]
	s.parent, errs[0] = strconv.Atoi(string(fields[1]))
	s.threads, errs[1] = strconv.Atoi(string(fields[17]))
	s.start, errs[2] = strconv.ParseUint(string(fields[19]), 10, 64)
	return s, errs == [3]error{}
}

// environ is the environment that the program was started with, as far as it has
// let it be. That of a first thread which has ended is read from the others.
func (p proc) environ(s stat, buf []byte) ([]byte, error) {
	if s.state != 'Z' {
		return p.read("environ", buf)
	}
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(p.pid) + "/task")
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if text, err := p.read("task/"+task.Name()+"/environ", buf); err == nil && len(text) > 0 {
			return text, nil
		}
	}
	return nil, nil
}

// mine says that the process is ours to end.
func (p proc) mine() bool {
	uid := os.Geteuid()
	var st unix.Stat_t
	return uid == 0 || unix.Fstat(p.dir, &st) == nil && int(st.Uid) == uid
}

// words is the command line of the process, or its name.
func (p proc) words() []string {
	text, _ := p.read("cmdline", nil)
	if len(text) == 0 {
		text, _ = p.read("comm", nil)
		return []string{strings.TrimSpace(string(text))}
	}
	return shorten(strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00"))
}

// runIDIn finds in an environment the first of the marks.
func runIDIn(environ []byte, marks map[string]bool) string {
	for len(environ) > 0 {
		var kv []byte
		kv, environ, _ = bytes.Cut(environ, []byte{0})
		value, ok := bytes.CutPrefix(kv, []byte(process.JobIDVariable+"="))
		if !ok {
			continue
		}
		for token := range strings.FieldsSeq(string(value)) {
			if mark, _, ok := strings.Cut(token, "."); ok && marks[mark] {
				return mark
			}
		}
	}
	return ""
}

// ageOf is how long ago something started, that many ticks after the system.
func ageOf(start uint64) time.Duration {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return 0
	}
	const tick = time.Second / 100 // as all of /proc counts, whatever the kernel does
	return max(0, time.Duration(up.Nano())-time.Duration(start)*tick)
}

// newestFirst is all pids, of which the last given is the first: what forks and exits
// again and again has to be met while it lives.
func newestFirst() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	last := lastPID()
	var newer, older []int // /proc is in the order of pids, which begin again at their end
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		switch {
		case err != nil:
		case pid > last:
			older = append(older, pid)
		default:
			newer = append(newer, pid)
		}
	}
	slices.Reverse(newer)
	slices.Reverse(older)
	return append(newer, older...)
}

// lastPID is the pid that the system has given last.
func lastPID() int {
	text, _ := os.ReadFile("/proc/loadavg")
	fields := bytes.Fields(text)
	if len(fields) < 5 {
		return 0
	}
	pid, _ := strconv.Atoi(string(fields[4]))
	return pid
}
