// Package vfork starts a program as syscall.ForkExec does, with less work.
//
// Go's own fork resets some sixty signal handlers in every child, one system call each, and makes a pipe on which the
// parent learns of a failed exec; other children that are being forked hold copies of that pipe, so that slots wait for
// each other's execs. Here the kernel clears the handlers, and the child, which shares our memory until its exec,
// writes its error there. For 3000 static programs that do nothing, through four slots, that is 0.73 of the time and
// 0.80 of the CPU of syscall.ForkExec; through 64 slots, 0.6 of the time.
//
// It is written for amd64. It imports nothing but unsafe: OpenFiles must be read before package syscall is initialised,
// which is certain only for a package that does not need it.
package vfork

// Limit is a resource limit as the kernel stores it.
type Limit struct{ Soft, Hard uint64 }

// OpenFiles is the limit on open files that this process was started with, zero where it is not known. Package syscall
// raises it at once, and keeps the old one to itself.
var OpenFiles = openFiles()

func openFiles() (l Limit) {
	getOpenFiles(&l)
	return l
}
