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

// KeepTrace has what the Go runtime prints when this process dies of a fault go to a file,
// which is made only then, and which Trace finds: it can be thousands of lines, one for each
// call of each goroutine, that say nothing to users. Who sets GOTRACEBACK or GODEBUG wants to see it on
// standard error, where it also goes if the file cannot be made.
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

// traceFile is where a process has its trace.
func traceFile(pid int) string {
	dir, _ := sysio.TempDir() // of which the run warns
	return filepath.Join(dir, "fanout-trace-"+strconv.Itoa(pid)+".txt")
}

// Trace is what a process that had KeepTrace died of, and the file that tells more; "" if
// there is none.
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

// reasonOf is the line of a trace that says what was wrong.
func reasonOf(trace string) string {
	first, _, _ := strings.Cut(trace, "\n")
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, "fatal error: ") { // after some of what the runtime knows of it
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

// trace is this process's: what writeTrace may look at, which is called where nothing can be
// handed to it.
var trace struct {
	name *byte
	fd   uintptr // 0 before there is a file
}

// overrideWrite is the Go runtime's own, which lets others take what it writes.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

// writeTrace is called when the process is dying, on a stack that must not grow and with locks
// held: it makes system calls, and nothing else. The runtime's writes to other descriptors come here, too.
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
