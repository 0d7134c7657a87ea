package process

// pointer is what one string of argv or the environment costs in addition to its bytes.
const pointer = 8

// ArgLimits returns how long one argument may be, its NUL included, and how much the arguments of a process may take in
// all, their NULs and pointers included, when it is started with this environment.
func ArgLimits(env []string) (one, total int) {
	one, total = systemArgLimits()
	for _, kv := range env {
		total -= len(kv) + 1 + pointer
	}
	// Also needed are the program's path, the auxiliary vector, and the variables that differ from job to job.
	const headroom = 4096
	return one, max(0, total-headroom)
}
