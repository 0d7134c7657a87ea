package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Send signals the process that was seen, if it still is that process: a pidfd cannot come to mean another one, and
// what stands behind it is compared once more.
func (p Process) Send(s unix.Signal) {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err == nil {
		defer unix.Close(fd)
	}
	if now, ok := Living(p.PID); !ok || !now.Same(p) {
		return
	}
	if err == nil {
		err = unix.PidfdSendSignal(fd, s, nil, 0)
	}
	if err != nil && err != unix.ESRCH { // there are no pidfds: the comparison was a moment ago
		unix.Kill(p.PID, s)
	}
}

// Terminate sends TERM, and CONT, without which a stopped process would not take the TERM.
func (p Process) Terminate() {
	p.Send(unix.SIGTERM)
	p.Send(unix.SIGCONT)
}

// Handle holds a process by its directory in /proc: what is read through it, and what is sent through it, is that
// process's or fails, also when its PID has come to mean another.
type Handle struct {
	PID int
	dir int
}

// Open takes hold of the process that has this PID now.
func Open(pid int) (Handle, error) {
	dir, err := unix.Open(root+strconv.Itoa(pid), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return Handle{pid, dir}, err
}

// OpenSame takes hold of the process that has had this PID since the start. The first process of the system is never it.
func OpenSame(pid int, start uint64) (Handle, bool) {
	if pid <= 1 {
		return Handle{}, false
	}
	h, err := Open(pid)
	if err != nil {
		return h, false
	}
	if p, ok := h.Stat(); !ok || p.Start != start {
		h.Close()
		return h, false
	}
	return h, true
}

// Close lets go of the process.
func (h Handle) Close() {
	if h.dir >= 0 {
		unix.Close(h.dir)
	}
}

// Signal sends a signal by pidfd_send_signal(2), which takes the directory for a pidfd. Where that is refused, the
// signal goes to the PID of a process that was there a moment ago.
func (h Handle) Signal(s unix.Signal) error {
	err := unix.PidfdSendSignal(h.dir, s, nil, 0)
	if !sysio.Refused(err) {
		return err
	}
	if _, there := h.Stat(); there {
		err = unix.Kill(h.PID, s)
	}
	return err
}

// Stat returns what the system says of the process now, zombies included.
func (h Handle) Stat() (Process, bool) {
	fd, err := unix.Openat(h.dir, "stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Process{}, false
	}
	defer unix.Close(fd)
	return readStat(fd, h.PID)
}

// read reads a file of the process into buf, which grows as needed.
func (h Handle) read(name string, buf []byte) ([]byte, error) {
	fd, err := unix.Openat(h.dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
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

// Environ returns the environment that the program was started with, as far as the program has not overwritten it. buf
// is used for it when it is large enough. The environment of a first thread that has ended is read from the others.
func (h Handle) Environ(seen Process, buf []byte) ([]byte, error) {
	if seen.State != 'Z' {
		return h.read("environ", buf)
	}
	tasks, err := os.ReadDir(root + strconv.Itoa(h.PID) + "/task")
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if text, err := h.read("task/"+task.Name()+"/environ", buf); err == nil && len(text) > 0 {
			return text, nil
		}
	}
	return nil, nil
}

// Ours reports whether the process belongs to this user.
func (h Handle) Ours() bool {
	uid := os.Geteuid()
	var st unix.Stat_t
	return uid == 0 || unix.Fstat(h.dir, &st) == nil && int(st.Uid) == uid
}

// CommandLine returns the words by which the process was started, or its name where there are none.
func (h Handle) CommandLine() []string {
	text, _ := h.read("cmdline", nil)
	if len(text) == 0 {
		text, _ = h.read("comm", nil)
		return []string{string(bytes.TrimSpace(text))}
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}
