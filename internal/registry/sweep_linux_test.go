package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// patient is how long a test waits for what must happen.
const patient = testkit.Patience

// cometVariable makes a comet of this program, which leaves its trail in the file that is its value.
const cometVariable = "FANOUT_TEST_COMET"

// TestMain makes the test program play other parts as well.
func TestMain(m *testing.M) {
	if trail := os.Getenv(cometVariable); trail != "" {
		os.Exit(fly(trail))
	}
	if len(os.Args) > 1 && os.Args[1] == reuseArg {
		os.Exit(reusePID())
	}
	if len(os.Args) > 1 && os.Args[1] == withinArg {
		os.Exit(playWithin())
	}
	os.Exit(m.Run())
}

// fly forks, and exits, every millisecond, for ten seconds at most: when it has been seen, that process is gone. Each
// adds to the trail. After the first fork there is only one thread, which can do nothing but system calls.
func fly(trail string) int {
	fd, err := unix.Open(trail, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT, 0o600)
	if err != nil {
		return 1
	}
	var now, pause syscall.Timespec
	step := [1]byte{'.'}
	pause.Nsec = 1e6
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0)
	for end := now.Sec + 10; now.Sec < end; {
		child, _, _ := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if child != 0 {
			break
		}
		syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&step)), 1)
		syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
		syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0)
	}
	syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	return 0
}

// world holds the processes that a test has started. All bear a sign, by which they are killed after the test.
type world struct {
	t    *testing.T
	sign string
	dir  string
}

func newWorld(t *testing.T) *world {
	w := &world{t, "FANOUT_TEST_SIGN=" + newRunID(), t.TempDir()}
	t.Cleanup(func() {
		for len(w.alive("")) > 0 {
			for _, pid := range w.alive("") {
				unix.Kill(pid, unix.SIGKILL)
			}
		}
	})
	return w
}

// start runs a script, with these variables, that does not wait for the processes that it starts.
func (w *world) start(env []string, script string) {
	w.t.Helper()
	testkit.NeedsOf(w.t, script)
	c := testkit.Command(w.t, "sh", "-c", script)
	c.Dir = w.dir
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), w.sign}, env...)
	if out, err := c.CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v, %s", script, err, out)
	}
}

// alive returns the processes that bear the sign and have this in their environment too. Zombies have none.
func (w *world) alive(what string) []int {
	return slices.DeleteFunc(testkit.Bearing(w.sign), func(pid int) bool {
		return !strings.Contains(strings.Join(testkit.Environ(pid), "\x00"), what)
	})
}

// await waits for a file that a script makes.
func (w *world) await(name string) {
	w.t.Helper()
	testkit.Until(w.t, name, func() bool { _, err := os.Stat(filepath.Join(w.dir, name)); return err == nil })
}

// jobVariable returns the entry that a job of the run has in its environment.
func jobVariable(runID string) string { return "FANOUT_MARK=" + runID + ".7.1" }

// TestCleanup: all leftovers of a run are ended, whatever they are.
func TestCleanup(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		ready  string // a file that is there when the script has done its work
		least  int    // processes that are found
	}{
		"plain":    {"sleep 1000 > /dev/null 2>&1 &", "", 1},
		"session":  {"setsid sleep 1000 > /dev/null 2>&1 &", "", 1},
		"daemon":   {"(setsid sh -c 'sleep 1000 & exit' > /dev/null 2>&1 &)", "", 1},
		"stubborn": {`sh -c 'trap "" TERM HUP INT; : > ready; while :; do sleep 1; done' > /dev/null 2>&1 &`, "ready", 1},
		"stopped":  {"sh -c 'kill -STOP $$; sleep 1000' > /dev/null 2>&1 &", "", 1},
		"tree":     {"for i in 1 2 3 4 5; do sh -c 'sleep 1000 & sleep 1000 & wait' > /dev/null 2>&1 & done", "", 5},
		// Its children have cleared their environment: they are found by descent.
		"children without": {"sh -c 'env -i " + "FANOUT_TEST_HIDDEN=1" + " sh -c \"sleep 1000 & : > ready; wait\" & wait' > /dev/null 2>&1 &", "ready", 3},
		// On TERM it starts another process.
		"avenger": {`sh -c 'trap "setsid sleep 1000 & exit" TERM; : > ready; while :; do sleep 0.1; done' > /dev/null 2>&1 &`, "ready", 1},
	} {
		for _, grace := range []time.Duration{0, 300 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " ", grace), func(t *testing.T) {
				registry(t)
				w := newWorld(t)
				r := register(t, newRunID())
				w.start([]string{jobVariable(r.runID)}, tt.script)
				if tt.ready != "" {
					w.await(tt.ready)
				}
				testkit.Until(w.t, "all processes", func() bool { return len(w.alive("")) >= 1 })
				r.abandon()
				began := time.Now()
				told, err := clean(t, Cleanup{Grace: grace})
				if err != nil {
					t.Error(err)
				}
				if left := w.alive(""); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
				if hidden := hidden(t); len(hidden) > 0 {
					t.Errorf("left, without environment: %v", hidden)
				}
				killed := 0
				for _, rep := range told {
					if rep.Run != r.runID {
						t.Errorf("%+v", rep)
					}
					if rep.Deed == Killed {
						killed++
					}
				}
				if killed < tt.least || told[len(told)-1].Deed != Removed {
					t.Errorf("%v", told)
				}
				t.Log(killed, "killed in", time.Since(began))
			})
		}
	}
}

// hidden returns the processes of TestCleanup that do not bear the sign.
func hidden(t *testing.T) (pids []string) {
	t.Helper()
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range environs {
		if env, err := os.ReadFile(name); err == nil && strings.Contains(string(env), "FANOUT_TEST_HIDDEN=1\x00") {
			pids = append(pids, name)
		}
	}
	return pids
}

// TestComets: processes that fork and exit each millisecond are caught.
func TestComets(t *testing.T) {
	registry(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		w := newWorld(t)
		r := register(t, newRunID())
		r.abandon()
		trail := func(i int) string { return fmt.Sprintf("%s/%d", w.dir, i) }
		length := func(i int) int64 {
			st, err := os.Stat(trail(i))
			if err != nil {
				return 0
			}
			return st.Size()
		}
		const comets = 3
		for i := range comets {
			w.start([]string{jobVariable(r.runID), cometVariable + "=" + trail(i)}, "setsid "+self+" > /dev/null 2>&1 &")
		}
		for i := range comets {
			testkit.Until(w.t, "a comet", func() bool { return length(i) > 5 })
		}
		grace := time.Duration(round%2) * 50 * time.Millisecond
		began := time.Now()
		told, err := clean(t, Cleanup{Grace: grace})
		took := time.Since(began)
		var lengths [comets]int64
		for i := range comets {
			lengths[i] = length(i)
		}
		time.Sleep(100 * time.Millisecond)
		for i := range comets {
			if now := length(i); now != lengths[i] {
				t.Errorf("round %d: comet %d goes on, from %d to %d; told %v", round, i, lengths[i], now, told)
			}
		}
		if err != nil || len(told) < 2 {
			t.Errorf("round %d: %v, %v", round, told, err)
		}
		t.Log(len(told)-1, "in", took, "trails", lengths)
	}
}

// TestInnocent: a process that does not bear the run's ID in the right place is not touched, whatever else it has in
// common with those that do.
func TestInnocent(t *testing.T) {
	registry(t)
	w := newWorld(t)
	r := register(t, newRunID())
	r.abandon()
	other := newRunID()
	own, spared := []string{jobVariable(r.runID), "GUILTY=yes"}, [][]string{
		nil,
		{"FANOUT_MARK="},
		{jobVariable(other)},
		{jobVariable(other + r.runID)},
		{"FANOUT_MARK=" + other + "." + r.runID + ".7"},
		{"FANOUT_MARK=" + r.runID + "0.1.1"},
		{"FANOUT_MARK=" + r.runID[:31] + ".1.1"},
		{"FANOUT_MARK=" + r.runID},
		{"FANOUT_MARK=x" + r.runID + ".1.1"},
		{"FANOUT_MARK=" + strings.ToUpper(r.runID) + "X.1.1"},
		{"OTHER_FANOUT_MARK=" + r.runID + ".1.1"},
		{"FANOUT_MARKS=" + r.runID + ".1.1"},
		{"OTHER=FANOUT_MARK=" + r.runID + ".1.1"},
		{"OTHER=x\nFANOUT_MARK=" + r.runID + ".1.1"},
		{"FANOUT_RUN=" + r.runID},
	}
	for i, env := range spared {
		w.start(append(env, fmt.Sprintf("INNOCENT=%d;", i)), "sleep 1000 > /dev/null 2>&1 &")
	}
	// The command line does not count. Group and session are those of one that is killed; so is
	// the parent's child, when the parent is not the run's.
	w.start([]string{"INNOCENT=argv;"}, "sh -c 'sleep 1000; :' FANOUT_MARK="+r.runID+".1.1 > /dev/null 2>&1 &")
	w.start([]string{"INNOCENT=group;"}, "setsid sh -c '(export GUILTY=yes "+jobVariable(r.runID)+"; exec sleep 1000) & sleep 1000 & wait' > /dev/null 2>&1 &")
	// Of several job IDs one is enough.
	w.start([]string{"FANOUT_MARK=" + other + ".1.1 " + r.runID + ".3.2", "GUILTY=yes"}, "sleep 1000 > /dev/null 2>&1 &")
	w.start([]string{"FANOUT_MARK=" + r.runID + ".3.2 " + other + ".1.1", "GUILTY=yes"}, "sleep 1000 > /dev/null 2>&1 &")
	w.start(own, "sleep 1000 > /dev/null 2>&1 &")
	innocents := len(spared) + 2 + 2
	testkit.Until(w.t, "all processes", func() bool {
		return len(w.alive("GUILTY")) >= 4 && len(w.alive("INNOCENT")) == innocents+1
	})
	before := w.alive("INNOCENT")

	told, err := clean(t, Cleanup{DryRun: true})
	if err != nil || len(told) != 5 || told[0].Deed != WouldKill || told[4].Deed != WouldRemove || len(w.alive("GUILTY")) != 4 {
		t.Errorf("%v, %v", told, err)
	}
	if told, err = clean(t, Cleanup{Grace: patient}); err != nil || len(told) != 5 {
		t.Errorf("%v, %v", told, err)
	}
	if left := w.alive("GUILTY"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if after := w.alive("INNOCENT"); len(after) != innocents {
		t.Errorf("of %d innocents %d are left: %v, before %v; told %v", innocents, len(after), after, before, told)
	}
}

// TestWithin: a cleanup within a job of the run spares the processes that it runs in, says so, and keeps the entry.
func TestWithin(t *testing.T) {
	registry(t)
	w := newWorld(t)
	r := register(t, newRunID())
	r.abandon()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w.start([]string{jobVariable(r.runID), "OTHER=yes"}, "sleep 1000 > /dev/null 2>&1 &")
	c := testkit.Command(t, "sh", "-c", `"$@"; echo spared`, "sh", self, withinArg)
	c.Env = append(os.Environ(), jobVariable(r.runID), w.sign)
	out, err := c.CombinedOutput()
	for _, want := range []string{"could not kill: this command runs inside it", "entry kept", "something is left", "spared"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in: %s, %v", want, out, err)
		}
	}
	if left := w.alive("OTHER=yes"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// withinArg makes the test program play the part of TestWithin that runs within the run.
const withinArg = "within"

func playWithin() int {
	reg, err := Open()
	if err == nil {
		defer reg.Close()
		c := Cleanup{Tell: func(r Report) { fmt.Printf("%d %s: %s\n", r.PID, r.Deed, r.Why) }}
		err = c.Do(reg)
	}
	fmt.Println(err)
	return 0
}

// TestManyRuns: several runs are ended together, and told apart.
func TestManyRuns(t *testing.T) {
	registry(t)
	w := newWorld(t)
	var runIDs []string
	for range 5 {
		r := register(t, newRunID())
		r.abandon()
		runIDs = append(runIDs, r.runID)
		w.start([]string{jobVariable(r.runID)}, "sleep 1000 > /dev/null 2>&1 & sleep 1000 > /dev/null 2>&1 &")
	}
	testkit.Until(w.t, "all processes", func() bool { return len(w.alive("FANOUT_MARK=")) == 10 })
	if told, err := clean(t, Cleanup{Run: runIDs[2][:20], Grace: patient}); err != nil || len(told) != 3 || len(w.alive("")) != 8 {
		t.Errorf("%v, %v", told, err)
	}
	told, err := clean(t, Cleanup{Grace: patient})
	if err != nil || len(told) != 12 || len(w.alive("")) != 0 {
		t.Errorf("%v, %v", told, err)
	}
	for _, runID := range slices.Delete(runIDs, 2, 3) {
		n := 0
		for _, rep := range told {
			if rep.Run == runID {
				n++
			}
		}
		if n != 3 {
			t.Errorf("%s: %d of %v", runID, n, told)
		}
	}
}
