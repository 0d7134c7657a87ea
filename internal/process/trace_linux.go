package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unsafe"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// KeepTrace redirects to a file what the Go runtime prints when this process dies of a fault. The file is made only
// then, and Trace finds it: it can be thousands of lines, one for each call of each goroutine, that say nothing to
// users. With GOTRACEBACK or GODEBUG set, the trace stays on standard error, where it also goes if the file cannot be
// made.
func KeepTrace() {
	if os.Getenv("GOTRACEBACK") != "" || os.Getenv("GODEBUG") != "" {
		return
	}
	name, err := unix.ByteSliceFromString(traceFile(os.Getpid()))
	if err != nil {
		return
	}
	trace.name = &name[0]
	overrideWrite = writeTrace
}

// traceFile returns where the trace of a process is.
func traceFile(pid int) string {
	dir, _ := sysio.TempDir() // of which the run warns
	return filepath.Join(dir, "fanout-trace-"+strconv.Itoa(pid)+".txt")
}

// Trace returns why a process that had called KeepTrace died, and the file with its trace; "" if there is none.
func Trace(pid int) (reason, file string) {
	file = traceFile(pid)
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return "", ""
	}
	f := os.NewFile(uintptr(fd), file)
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := f.Read(head)
	return reasonOf(string(head[:n])), file
}

// reasonOf returns the line of a trace that says what was wrong.
func reasonOf(trace string) string {
	first, _, _ := strings.Cut(trace, "\n")
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, "fatal error: ") { // after some lines of the runtime about it
			first = strings.TrimSuffix(line, "\n")
			break
		}
	}
	const most = 200
	if first = first[:min(len(first), most)]; strings.ContainsFunc(first, unicode.IsControl) {
		first = strconv.Quote(first)
	}
	return first
}

// trace is all that writeTrace may use: nothing can be passed to it.
var trace struct {
	name *byte
	fd   uintptr // 0 before there is a file
}

// overrideWrite is a variable of the Go runtime: a function in it takes all that the runtime writes.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

// writeTrace is called when the process is dying, on a stack that must not grow and with locks held: it makes system
// calls, and does nothing else. The runtime's writes to other descriptors come here, too.
//
//go:nosplit
//go:norace
func writeTrace(fd uintptr, p unsafe.Pointer, n int32) int32 {
	const stderr, here = 2, ^uintptr(99) // AT_FDCWD
	if fd == stderr {
		if trace.fd == 0 {
			trace.fd = stderr
			made, _, err := syscall.RawSyscall6(unix.SYS_OPENAT, here, uintptr(unsafe.Pointer(trace.name)),
				unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600, 0, 0)
			if err == 0 {
				trace.fd = made
			}
		}
		fd = trace.fd
	}
	wrote, _, err := syscall.RawSyscall(unix.SYS_WRITE, fd, uintptr(p), uintptr(n))
	if err != 0 {
		return -int32(err)
	}
	return int32(wrote)
}
