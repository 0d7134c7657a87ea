package process

import (
	"os"
	"strings"
	"syscall"

	"fanout/internal/process/vfork"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// spawner starts processes, one at a time, and keeps the memory for that.
type spawner struct {
	args  vfork.Args
	bytes []byte  // all strings, each with a NUL
	ends  []int   // where each ends, and the next begins
	list  []*byte // argv, nil, envp, nil
}

// childCalls are the system calls of a child before its exec.
var childCalls = map[int]string{unix.SYS_SETPGID: "setpgid", unix.SYS_CHDIR: "chdir", unix.SYS_DUP2: "dup2", unix.SYS_FCNTL: "fcntl"}

// spawn starts c in the process group, or in a new one when group is 0. The pidfd is -1 where the system has none.
//
// Sandboxes forbid clone3, and kernels before 5.5 do not know all the flags that vfork uses.
func (s *spawner) spawn(c *Command, group int, refused *refused) (pid, pidfd int, err error) {
	if refused.ourWay.Load() || c.crossed() || c.Session || group == ours {
		return forkExec(c, group, refused)
	}
	if err := s.image(c); err != nil {
		return 0, -1, err
	}
	s.args.Group = group
	s.args.Files = [3]int{c.Stdin, c.Stdout, c.Stderr}
	s.args.Cgroup = c.cgroup
	s.args.Limit = nil
	if l := &vfork.OpenFiles; l.Soft != l.Hard {
		s.args.Limit = l
	}
	pidfd = vfork.Start(&s.args)
	if s.args.Pid > 0 && s.args.Error == 0 {
		return s.args.Pid, pidfd, nil
	}
	if again, err := s.failure(pidfd); !again {
		return 0, -1, err
	}
	refused.ourWay.Store(true)
	return forkExec(c, group, refused)
}

// failure returns why no program was started, and whether Go's way may succeed: it has clone for clone3, and dup3 for
// dup2.
func (s *spawner) failure(pidfd int) (again bool, err error) {
	if s.args.Pid < 0 {
		err = syscall.Errno(-s.args.Pid)
		return sysio.Refused(err), err
	}
	c := child{pid: s.args.Pid, pidfd: pidfd}
	c.reap()
	err = syscall.Errno(s.args.Error)
	if call, ok := childCalls[s.args.Call]; ok {
		return s.args.Call == unix.SYS_DUP2 && sysio.Refused(err), os.NewSyscallError(call, err)
	}
	return false, err
}

// crossed reports whether one of the standard three is to become another of them.
func (c *Command) crossed() bool {
	for i, fd := range [3]int{c.Stdin, c.Stdout, c.Stderr} {
		if fd < 3 && fd != i {
			return true
		}
	}
	return false
}

// keep is how much memory a spawner keeps for the next process.
const keep = 64 << 10

// image lays out the arguments of execve.
func (s *spawner) image(c *Command) error {
	if cap(s.bytes) > keep {
		*s = spawner{}
	}
	s.bytes, s.ends = s.bytes[:0], s.ends[:0]
	s.add(c.Path)
	s.add(c.Dir)
	for _, arg := range c.Argv {
		s.add(arg)
	}
	for _, kv := range c.Env {
		s.add(kv)
	}
	if nul := strings.IndexByte; nul(c.Path, 0) >= 0 || nul(c.Dir, 0) >= 0 || holdsNUL(c.Argv) || holdsNUL(c.Env) {
		return unix.EINVAL
	}
	// Only now, since appending may have moved the bytes.
	s.args.Path = &s.bytes[0]
	s.args.Dir = nil
	if c.Dir != "" {
		s.args.Dir = &s.bytes[s.ends[0]]
	}
	starts := s.ends[1:]
	s.list = s.list[:0]
	for _, at := range starts[:len(c.Argv)] {
		s.list = append(s.list, &s.bytes[at])
	}
	s.list = append(s.list, nil)
	for _, at := range starts[len(c.Argv) : len(c.Argv)+len(c.Env)] {
		s.list = append(s.list, &s.bytes[at])
	}
	s.list = append(s.list, nil)
	s.args.Argv = &s.list[0]
	s.args.Envp = &s.list[len(c.Argv)+1]
	return nil
}

func (s *spawner) add(text string) {
	s.bytes = append(append(s.bytes, text...), 0)
	s.ends = append(s.ends, len(s.bytes))
}

func holdsNUL(list []string) bool {
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return true
		}
	}
	return false
}
