package process

import (
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OwnPath names the file of this program, so that ps shows its name. When the file is gone, it returns a link to it.
func OwnPath() string {
	const link = "/proc/self/exe"
	path, err := os.Readlink(link)
	if err != nil {
		return startedAs()
	}
	named, err1 := os.Stat(path)
	running, err2 := os.Stat(link)
	if err1 != nil || err2 != nil || !os.SameFile(named, running) {
		return link
	}
	return path
}

// startedAs returns the name that this program was started by, which the system passes to it beside its arguments. It
// is for systems without /proc.
func startedAs() string {
	const execFn = 31 // AT_EXECFN
	values, _ := unix.Auxv()
	for i := range values {
		if values[i][0] == execFn {
			name := unix.BytePtrToString(*(**byte)(unsafe.Pointer(&values[i][1])))
			if path, err := filepath.Abs(name); err == nil {
				return path
			}
		}
	}
	return os.Args[0]
}
