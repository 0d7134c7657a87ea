package vfork

import "unsafe"

// Args describes the program to start, and holds the result. The strings and the lists end with a NUL. It must be on
// the heap, since the child writes to it.
type Args struct {
	Path       *byte
	Argv, Envp **byte
	Dir        *byte // nil: ours
	Group      int   // process group; 0: a new one
	// Files are the standard three. One that is below 3 must have its own number.
	Files  [3]int
	Cgroup int // descriptor of the control group that it starts in; 0: ours
	// Limit, if not nil, is given to the child as its limit on open files.
	Limit *Limit

	Pid   int // of the child, or minus the error of the fork
	Error int // of the child after the fork, 0 when the program was started
	Call  int // number of the child's last system call

	clone cloneArgs
	pidfd int32
	masks [2]uint64 // of signals: all, and ours
}

// cloneArgs is the kernel's struct clone_args.
type cloneArgs struct {
	flags      uint64
	pidfd      unsafe.Pointer
	_          [2]uint64 // child_tid, parent_tid
	exitSignal uint64
	_          [5]uint64 // stack, stack_size, tls, set_tid, set_tid_size
	cgroup     uint64
}

const (
	cloneVM           = 0x100
	clonePidfd        = 0x1000
	cloneVfork        = 0x4000
	cloneClearSighand = 0x100000000
	cloneIntoCgroup   = 0x200000000
	sigchld           = 17
)

// Start starts the program and returns a pidfd. When Pid is positive and Error is not 0, there is a child that failed
// and has to be reaped.
func Start(a *Args) (pidfd int) {
	a.Error = 0
	a.pidfd = -1
	a.masks[0] = ^uint64(0)
	a.clone = cloneArgs{
		flags:      cloneVM | cloneVfork | clonePidfd | cloneClearSighand,
		pidfd:      unsafe.Pointer(&a.pidfd),
		exitSignal: sigchld,
	}
	if a.Cgroup > 0 {
		a.clone.flags |= cloneIntoCgroup
		a.clone.cgroup = uint64(a.Cgroup)
	}
	vforkExec(a, &a.clone)
	return int(a.pidfd)
}

// vforkExec does all of it in assembly: between clone3 and exec, the child runs on our stack, and Go code there could
// be interrupted, or grow it.
//
//go:noescape
func vforkExec(a *Args, clone *cloneArgs)
