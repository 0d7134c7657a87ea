package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// pointer is what one string of argv or the environment costs beside its bytes.
const pointer = 8

// ArgLimits tells how long one argument may be, its NUL included, and how much
// the arguments of a process may take in all, their NULs and pointers included,
// when it is started with this environment.
func ArgLimits(env []string) (one, total int) {
	one, total = systemArgLimits()
	for _, kv := range env {
		total -= len(kv) + 1 + pointer
	}
	// What the system needs beside: the program's path, the auxiliary vector, and
	// the variables that differ from job to job.
	const headroom = 4096
	return one, max(0, total-headroom)
}

// NeedFiles makes sure that this process may open so many descriptors. The Go
// runtime has raised the soft limit to the hard one already, for itself alone:
// jobs get the limit that fanout was started with.
func NeedFiles(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil // nothing is known against it
	}
	if uint64(n) > uint64(limit.Cur) {
		return fmt.Errorf("%d open files are needed and the system allows %d: "+
			"use fewer workers (-j), or raise the hard limit (ulimit -Hn)", n, limit.Cur)
	}
	return nil
}
