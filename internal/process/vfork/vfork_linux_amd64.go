// Package vfork starts a program as syscall.ForkExec does, with less work.
//
// Go's own fork resets some sixty signal handlers in every child, one system call each, and makes a pipe on which the
// parent learns of a failed exec; other children that are being forked hold copies of that pipe, so that slots wait for
// each other's execs. Here the kernel clears the handlers, and the child, which shares our memory until its exec,
// writes its error there. For 3000 static programs that do nothing, through four slots, that is 0.73 of the time and
// 0.80 of the CPU of syscall.ForkExec; through 64 slots, 0.6 of the time.
//
// It imports nothing but unsafe: OpenFiles must be read before package syscall is initialised, which is certain only
// for a package that does not need it.
package vfork

import "unsafe"

// Limit is a resource limit as the kernel stores it.
type Limit struct{ Soft, Hard uint64 }

// OpenFiles is the limit on open files that this process was started with. Package syscall raises it at once, and keeps
// the old one to itself.
var OpenFiles = openFiles()

func openFiles() (l Limit) {
	getOpenFiles(&l)
	return l
}

func getOpenFiles(l *Limit)

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
