// Package warden starts the warden: a process that stands between the guardian and the runner and survives when both are
// killed at once, since it is in a session and a process group of its own.
//
// The warden is a fork of the guardian that never returns to Go: it runs a few instructions of ours, and gives back all
// memory but what these need. So it takes some tens of KiB, costs no start of a program, and no argument or variable
// can make a fanout one. What happens:
//
//	guardian   forks the warden, and hears from it by a socket
//	warden     becomes a subreaper, starts the runner, and moves to a session of its own; it blocks all signals
//	runner     is in the guardian's group and session, and gets TERM when the warden ends
//	warden     tells the guardian when the runner stops or ends, and reaps orphans; it sends the runner TERM when the
//	           guardian has ended
//	warden     takes the guardian's last word when the runner has ended: [Leave], or how long the leftovers may
//	           take to end. It becomes the program that ends them, and does the same when there is no guardian to say it
package warden

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Leave is the last word that makes the warden end at once. Any other becomes the last argument of the program that
// ends leftovers.
const Leave = "d"

// wordSize is the most that the last word can have, with the NUL after it.
const wordSize = 32

// Report is what the warden tells: first that the runner was started or, if PID is negative, the error that has kept it
// from that; then how the runner changes.
type Report struct{ PID, Status int64 }

// Spec describes the runner, and the program that the warden becomes.
type Spec struct {
	Socket    int       // the warden's end of a pair of sockets that keep messages apart
	Path      string    // of the runner
	Argv, Env []string  // of the runner; the environment is the other program's too
	Files     [2]uint64 // the runner's limit on open files, soft and hard; zero: ours
	Cleaner   []string  // the words of the other program, whose file is this program's; the last word is added
	Alone     string    // the last word when there is no guardian
}

// state is all that the warden has. The instructions know its fields by their names.
type state struct {
	guardian uint64 // its pid
	self     uint64
	socket   uint64
	path     uintptr
	argv     uintptr
	envp     uintptr
	limit    uintptr // of files; 0: ours
	cleaner  uintptr
	words    uintptr
	word     uintptr // the last of the words

	files  [2]uint64
	unmap  [3]struct{ from, size uintptr }
	masks  [2]uint64 // of signals: all, and ours
	waited uint64    // the signals that wake the warden
	action [4]uint64 // struct sigaction of the kernel
	none   [4]uint64
	ignore [4]uint64
	report Report
	status uint64
	told   uint64 // the runner knows that the guardian has ended
	failed uint64 // the error of the runner's exec
	name   [16]byte
}

// bits returns a set of signals.
func bits(signals ...syscall.Signal) (set uint64) {
	for _, s := range signals {
		set |= 1 << (s - 1)
	}
	return set
}

// Start starts the warden, whose parent is this thread: it must be the first of the process, since the warden takes
// its end for the guardian's.
func Start(spec *Spec) (pid int, err error) {
	m, err := newMemory(spec)
	if err != nil {
		return 0, os.NewSyscallError("mmap", err)
	}
	defer m.free() // the warden has its own
	s := (*state)(unsafe.Pointer(&m.all[0]))
	m.at = int(unsafe.Sizeof(*s))
	const ignored = 1
	*s = state{
		guardian: uint64(os.Getpid()),
		socket:   uint64(spec.Socket),
		path:     m.text(spec.Path),
		argv:     m.list(spec.Argv),
		envp:     m.list(spec.Env),
		cleaner:  m.text("/proc/self/exe"),
		files:    spec.Files,
		unmap:    m.others(),
		masks:    [2]uint64{^uint64(0)},
		waited:   bits(unix.SIGCHLD, unix.SIGTERM),
		ignore:   [4]uint64{ignored},
		name:     [16]byte{'w', 'a', 'r', 'd', 'e', 'n'},
	}
	s.word = m.text(spec.Alone)
	m.at += wordSize
	s.words = m.list(spec.Cleaner, s.word)
	if spec.Files != [2]uint64{} {
		s.limit = uintptr(unsafe.Pointer(&s.files))
	}
	if pid = fork(s); pid < 0 {
		return 0, os.NewSyscallError("clone", syscall.Errno(-pid))
	}
	return pid, nil
}

// memory is what the warden keeps: its state, and the strings after it. The garbage collector does not know it.
type memory struct {
	all []byte
	at  int // the first free byte
}

func newMemory(spec *Spec) (*memory, error) {
	const pointer, lists = int(unsafe.Sizeof(uintptr(0))), 3
	size := int(unsafe.Sizeof(state{})) + len(spec.Path) + len(spec.Alone) + wordSize + lists*2*pointer + os.Getpagesize()
	for _, words := range [][]string{spec.Argv, spec.Env, spec.Cleaner} {
		for _, w := range words {
			size += len(w) + 1 + pointer
		}
	}
	page := os.Getpagesize()
	all, err := unix.Mmap(-1, 0, (size+page-1)/page*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	return &memory{all: all}, err
}

func (m *memory) free() { _ = unix.Munmap(m.all) }

// text adds a string, and returns where it is.
func (m *memory) text(s string) uintptr {
	at := m.at
	m.at += copy(m.all[at:], s) + 1
	return uintptr(unsafe.Pointer(&m.all[at]))
}

// list adds a list of strings, followed by one that is there already, and returns where it is. A nil pointer ends it.
func (m *memory) list(words []string, last ...uintptr) uintptr {
	const pointer = int(unsafe.Sizeof(uintptr(0)))
	m.at = (m.at + pointer - 1) / pointer * pointer
	list := unsafe.Slice((*uintptr)(unsafe.Pointer(&m.all[m.at])), len(words)+len(last)+1)
	m.at += len(list) * pointer
	for i, w := range words {
		list[i] = m.text(w)
	}
	copy(list[len(words):], last)
	return uintptr(unsafe.Pointer(&list[0]))
}

// others returns the memory that the warden gives back: all but its instructions, this memory, and what the system laid
// above, the program's arguments and environment, which ps shows. A program with a C library gives back none, because
// the system writes to the memory of each of its threads (rseq).
func (m *memory) others() (all [3]struct{ from, size uintptr }) {
	if withC || len(os.Args) == 0 {
		return all
	}
	page := uintptr(os.Getpagesize())
	const longest = 4096 // of the instructions
	begin, end := code()&^(page-1), (code()+longest+page-1)&^(page-1)
	first := uintptr(unsafe.Pointer(&m.all[0]))
	args := uintptr(unsafe.Pointer(unsafe.StringData(os.Args[0]))) &^ (page - 1)
	kept := [...]uintptr{0, begin, end, first, first + uintptr(len(m.all)), args}
	for i := range all {
		from, to := kept[2*i], kept[2*i+1]
		if from > to { // another order than on all systems that we know
			return [3]struct{ from, size uintptr }{}
		}
		all[i].from, all[i].size = from, to-from
	}
	return all
}
