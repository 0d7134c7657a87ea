package process

import (
	"runtime"
	"sync"

	"fanout/internal/limits"

	"golang.org/x/sys/unix"
)

// threads counts the threads of the Go runtime. The runtime makes one whenever a goroutine is to run and all threads
// are in system calls, keeps each for ever, and dies when the system has no room for one. A Tree sits in poll(2) on a
// thread of its own: unless there is plenty of room, that thread is made before the job is started which may take the
// room.
type threads struct {
	mu      sync.Mutex
	limited bool // there was not plenty of room at first
	most    int  // how many Trees are expected at most; 0: not known
	trees   int  // for how many Trees there are threads
	taken   int  // how many Trees there are
}

// How many threads there are beside those of Trees. A program that has just started has about eight. Later, as many run as
// there are Ps, and others are in system calls or belong to locked goroutines, such as main's: with 80 slots and 16 Ps, 98
// were seen at most.
const (
	AtStart = 8
	others  = 10
)

// guardianThreads is how many threads a guardian has at most. It has no Trees, and two Ps are enough for it.
const guardianThreads = 11

// OfGuardian is how many threads a guardian and its warden have at most.
const OfGuardian = guardianThreads + 1

// Plenty is more processes than jobs have, most likely: where there is room for that many, the runtime makes its
// threads when it needs them. Making one in advance costs 30 µs.
const Plenty = 1 << 14

// fewPs is the number of Ps where room is short: each has a thread that runs.
const fewPs = 2

// Expect sets how many Trees there will be at most, 0 if that is not known, and whether the system has plenty of room.
func (s *Supervisor) Expect(trees int, plenty bool) {
	s.threads.mu.Lock()
	defer s.threads.mu.Unlock()
	s.threads.most, s.threads.limited = trees, !plenty
}

// takeThread is called before a Tree is added. Where there is not plenty of room, it makes threads for some of the
// Trees that follow, too, or for this one alone if there is little.
func (s *Supervisor) takeThread() error {
	const few, ahead = 8, 4
	t := &s.threads
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken++; t.taken <= t.trees || t.taken <= few && !t.limited {
		return nil
	}
	want := ahead * t.taken
	if t.most > 0 {
		want = max(t.taken, min(want, t.most))
	}
	switch {
	case hasRoom(Plenty):
	case hasRoom(ahead * (want + others)):
		all := want + others + runtime.GOMAXPROCS(0)
		makeThreads(func() bool { return threadCount() < all })
	case s.makeCarefully(t.taken+others+fewPs) == 0:
		want = t.taken
	default:
		t.taken--
		return unix.EAGAIN
	}
	t.trees = want
	return nil
}

// MakeGuardianThreads makes all threads that a guardian needs.
func MakeGuardianThreads() {
	runtime.GOMAXPROCS(min(runtime.GOMAXPROCS(0), fewPs))
	makeThreads(func() bool { return threadCount() < guardianThreads })
}

// giveThread is called when a Tree is dropped.
func (t *threads) giveThread() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken--
}

// Procs returns how many Ps the Go runtime should have for that many slots that start processes.
//
// A fork holds its P until the child's exec: with as many Ps as CPUs, the slots would wait for each other. At 64 slots,
// 16 Ps take half the time of 2; 32 and 64 take no less.
func Procs(slots int) int {
	now := runtime.GOMAXPROCS(0) // the CPUs that we may use, unless the user has set another number
	if slots < 2 {
		return min(now, 2)
	}
	return max(now, min(2*slots, 16))
}

// hasRoom reports whether the system has room for that many more processes and threads.
func hasRoom(more int) bool {
	_, ok := limits.RoomFor(more)
	return ok
}

// MakeThreads makes all threads for that many Trees, where there is little room, and returns for how many Trees there
// are threads. Those are fewer only if there is less room than was thought: the rest is then divided among the Trees
// and the processes of each.
func (s *Supervisor) MakeThreads(trees, processes int) int {
	t := &s.threads
	t.mu.Lock()
	defer t.mu.Unlock()
	const beside = others + fewPs
	if missing := s.makeCarefully(trees + beside); missing > 0 {
		trees = max(0, trees-missing) / (1 + processes)
		endThreads(threadCount() - trees - beside)
	}
	t.trees = trees
	return trees
}

// makeCarefully makes threads until there are as many as wanted, as long as there is room, and returns how many are
// missing.
func (s *Supervisor) makeCarefully(want int) (missing int) {
	runtime.GOMAXPROCS(1) // another P could have the runtime make a second one at the same time
	makeThreads(func() bool { return threadCount() < want && s.startsOne() })
	runtime.GOMAXPROCS(fewPs)
	return max(0, want-threadCount())
}

// startsOne reports whether the system has room for one more process or thread, by starting a process that ends at
// once. No figure tells it for sure: the processes that take the room may not be visible from here.
func (s *Supervisor) startsOne() bool {
	const none = "/dev/null/none"
	c := Command{Path: none, Argv: []string{none}, Stdin: s.Null(), Stdout: s.Null(), Stderr: s.Null()}
	_, err := s.forkOnce(new(spawner), &c, 0, func(child) {})
	return !NoRoom(err)
}

// threadCount returns how many threads the runtime has.
func threadCount() int {
	n, _ := runtime.ThreadCreateProfile(nil)
	return n
}

// makeThreads makes the runtime make threads, one after the other, while more returns true.
func makeThreads(more func() bool) { hold(more, runtime.UnlockOSThread) }

// endThreads ends some threads that have nothing to do. A goroutine that ends while it is locked to its thread takes
// the thread with it.
func endThreads(n int) {
	hold(func() bool { n--; return n >= 0 }, func() {})
}

// hold keeps one thread more from all other work as long as more returns true, and then calls last on each.
func hold(more func() bool, last func()) {
	var held sync.WaitGroup
	all := make(chan struct{})
	for more() {
		up := make(chan struct{})
		held.Go(func() {
			runtime.LockOSThread()
			close(up)
			<-all
			last()
		})
		<-up
	}
	close(all)
	held.Wait()
}
