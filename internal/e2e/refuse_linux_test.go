package e2e_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusal describes a system call that fails, as in a sandbox or on an old kernel.
type refusal struct {
	name   string // of the call
	number int
	arg    int    // the index of the argument to test
	test   test   // of the argument
	value  uint32 // of its lower half
	alias  string // another name of it in errors
	shells bool   // a shell waits for ever without it
}

// test tells which arguments the call is refused with.
type test int

// The kinds of test.
const (
	always test = iota
	equal
	bits // one bit of the value is set
)

// refuse RUN ERRNO NUMBER ARG TEST VALUE PROGRAM ARG... becomes the program, for which that system call fails. It needs
// neither libseccomp nor a compiler, because the filter is a few words.
func refuse() int {
	runtime.LockOSThread() // the filter is this thread's, and exec keeps it
	n := make([]uint32, 5)
	for i := range n {
		v, err := strconv.ParseUint(os.Args[1+i], 10, 32)
		if err != nil {
			return refuseFailed(err)
		}
		n[i] = uint32(v)
	}
	program, args := os.Args[6], os.Args[6:]
	if err := install(syscall.Errno(n[0]), refusal{number: int(n[1]), arg: int(n[2]), test: test(n[3]), value: n[4]}); err != nil {
		return refuseFailed(err)
	}
	return refuseFailed(syscall.Exec(program, args, os.Environ()))
}

func refuseFailed(err error) int {
	const code = 99
	fmt.Fprintln(os.Stderr, "refuse:", err)
	return code
}

// args returns the arguments of the program refuse.
func (r refusal) args(errno syscall.Errno) []string {
	var text []string
	for _, n := range []int{int(errno), r.number, r.arg, int(r.test), int(r.value)} {
		text = append(text, strconv.Itoa(n))
	}
	return text
}

// install makes the call fail in the calling thread and in all that it starts.
func install(errno syscall.Errno, r refusal) error {
	// Offsets in the kernel's struct seccomp_data: the number of the call, and its arguments. The lower half of an
	// argument comes first on all machines of the tests.
	const number, arguments, size = 0, 16, 8
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(r.number), Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if r.test != always {
		how := map[test]uint16{equal: unix.BPF_JEQ, bits: unix.BPF_JSET}[r.test]
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: uint32(arguments + size*r.arg)},
			unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, K: r.value, Jt: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, err := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program))); err != 0 {
		return fmt.Errorf("a filter of system calls: %w", err)
	}
	return nil
}
