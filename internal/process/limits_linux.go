package process

import "golang.org/x/sys/unix"

// systemArgLimits follows execve(2): one string may take 32 pages, and all strings a quarter of the stack limit, though
// never over 6 MiB nor under 128 KiB.
func systemArgLimits() (one, total int) {
	const least, most = 128 << 10, 6 << 20
	one = 32 * unix.Getpagesize()
	var stack unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &stack); err != nil {
		return one, least
	}
	return one, int(min(max(stack.Cur/4, least), most))
}
