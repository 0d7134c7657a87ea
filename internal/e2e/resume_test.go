//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// killed is a run that is killed and resumed until it is done.
type killed struct {
	t      *testing.T
	dir    string
	flags  []string
	random *rand.Rand
	done   map[int]bool // the items whose success is recorded
	ran    int          // how much of the log of starts was checked
	killed int
	took   time.Duration // the approximate time of a run
}

// killItems is the number of items of a run. The output of an item is known.
const killItems = 30

func killPrints(item int) string {
	var b strings.Builder
	for n := item; n <= 700; n++ {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}

// TestKilledRunsAreResumed kills runs with -9 at random moments, 200 times in all: some of guardian, warden and runner.
// Each is resumed until it is done. An item that succeeded never runs again, no item is left out, and nothing on the
// disk is incomplete.
func TestKilledRunsAreResumed(t *testing.T) {
	testkit.Slow(t)
	const kills = 200
	total := 0
	for round := uint64(0); total < kills; round++ {
		k := &killed{
			t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(round, 1)), done: map[int]bool{}, took: 100 * time.Millisecond,
			flags: [][]string{{}, {"-k"}, {"--mode", "process"}, {"--json"}, {"--journal-sync", "always"}, {"-n", "3"}}[round%6],
		}
		for !k.run() {
			if t.Failed() {
				return
			}
		}
		total += k.killed
		if len(k.done) != killItems {
			t.Errorf("%q: %d items are done, want %d", k.flags, len(k.done), killItems)
		}
	}
	t.Logf("%d runs were killed", total)
}

// run resumes the run, and may kill it. It reports whether the run finished.
func (k *killed) run() (over bool) {
	args := slices.Concat([]string{"fanout", "-j4", "--journal", "journal", "--resume", "--results", "results", "-o", "out"}, k.flags,
		[]string{`for i in {}; do echo $i >> ran; seq $i 700; done; sleep 0.01`, ":::"})
	for item := range killItems {
		args = append(args, strconv.Itoa(item+1))
	}
	r := prepare(k.t, args...)
	r.dir, r.cmd.Dir = k.dir, k.dir
	began := time.Now()
	r.begin()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
		over = err == nil
		k.took = time.Since(began)
	case <-time.After(time.Duration(k.random.Float64() * 1.1 * float64(k.took))):
		if k.kill(r) {
			k.killed++
		}
		k.took += k.took / 10 // on a slow machine, the estimate may cover only the start
		select {
		case <-ended:
		case <-time.After(waitLimit):
			k.t.Fatalf("it does not end; stderr: %s", r.said())
		}
	}
	if err != nil {
		k.t.Errorf("%q: %v; stderr: %s", k.flags, err, r.said())
	}
	r.eventually("the end of all jobs", func() bool { return len(r.processes()) == 0 })
	r.eventually("the end of the runner, which closes its files last", k.unlocked)
	k.checkStarts()
	k.checkJournal()
	k.checkResults()
	return over
}

// unlocked reports whether no process writes to the journal.
func (k *killed) unlocked() bool {
	f, err := os.Open(filepath.Join(k.dir, "journal"))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// kill kills some of the runner, its guardian and its warden, and reports whether it hit one.
func (k *killed) kill(r *running) bool {
	visible := r.cmd.Process.Pid
	w := warden(visible)
	all := []int{visible}
	for _, pid := range r.processes() {
		if _, parent := stat(pid); pid == w || w != 0 && parent == w && executable(pid) == executable(visible) {
			all = append(all, pid)
		}
	}
	var pids []int
	for which := 1 + k.random.IntN(1<<len(all)-1); len(all) > 0; all, which = all[1:], which/2 {
		if which%2 == 1 {
			pids = append(pids, all[0])
		}
	}
	hit := false
	for _, pid := range pids {
		hit = r.owns(pid) && syscall.Kill(pid, syscall.SIGKILL) == nil || hit
	}
	return hit
}

// checkStarts checks that no item started whose success was recorded before.
func (k *killed) checkStarts() {
	text, _ := os.ReadFile(filepath.Join(k.dir, "ran"))
	for _, word := range strings.Fields(string(text[k.ran:])) {
		item, err := strconv.Atoi(word)
		if err != nil || k.done[item] {
			k.t.Errorf("%q: item %s was run again", k.flags, word)
		}
	}
	k.ran = len(text)
}

// checkJournal checks that all lines but the last are complete, and reads them.
func (k *killed) checkJournal() {
	text, _ := os.ReadFile(filepath.Join(k.dir, "journal"))
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return // incomplete; the next run cuts it off
		}
		var l struct {
			Journal int
			At      []int
			OK      bool
		}
		if err := json.Unmarshal(line, &l); err != nil || l.Journal == 0 && len(l.At) == 0 {
			k.t.Errorf("%q: the journal holds %q: %v", k.flags, line, err)
		}
		for _, item := range l.At {
			if l.OK {
				k.done[item] = true
			}
		}
	}
}

// checkResults checks that every directory of a job is complete.
func (k *killed) checkResults() {
	dirs, _ := filepath.Glob(filepath.Join(k.dir, "results", "0*", "*"))
	kept := map[int]bool{}
	for _, dir := range dirs {
		var meta struct {
			OK    bool
			Items []string
		}
		text, _ := os.ReadFile(filepath.Join(dir, "meta.json"))
		if err := json.Unmarshal(text, &meta); err != nil {
			k.t.Errorf("%q: %s: %q, %v", k.flags, dir, text, err)
			continue
		}
		want := ""
		for _, word := range meta.Items {
			item, _ := strconv.Atoi(word)
			want += killPrints(item)
			kept[item] = true
		}
		got, err := os.ReadFile(filepath.Join(dir, "stdout"))
		if _, errs := os.Stat(filepath.Join(dir, "stderr")); err != nil || errs != nil || meta.OK && string(got) != want {
			k.t.Errorf("%q: %s holds %d bytes, want %d; %v, %v", k.flags, dir, len(got), len(want), err, errs)
		}
	}
	for item := range k.done {
		if !kept[item] {
			k.t.Errorf("%q: item %d has succeeded, and has no results", k.flags, item)
		}
	}
}

// TestJournalOnFullDisk: the run ends, and a resumed run finishes when there is room.
func TestJournalOnFullDisk(t *testing.T) {
	const script = `
		mount -t tmpfs -o size=256k tmpfs "$1" || exit 77
		cd "$1" && head -c 200000 /dev/zero > filler
		seq 5000 | fanout -q --journal journal 'echo {} | cat' > /dev/null
		echo "first $?"
		rm filler; mount -o remount,size=64m "$1"
		seq 5000 | fanout -q --journal journal --resume --json 'echo {} | cat' > again
		echo "then $?"
		grep -c '^{"seq":.*"ok":true' journal
		grep '^{"seq":' journal | sed 's/,.*//' | sort | uniq -d | wc -l
		grep -vc '^{.*}$' journal`
	testkit.NeedsOf(t, "unshare\n"+script)
	r := prepare(t, "unshare", "-rm", "sh", "-c", script, "sh", t.TempDir())
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	errs, err := os.Create(r.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	r.cmd.Stdout, r.cmd.Stderr = out, errs
	var exit *exec.ExitError
	err = r.cmd.Run()
	if errors.As(err, &exit) && (exit.ExitCode() == 77 || strings.Contains(string(r.said()), "unshare:")) {
		t.Skipf("no file system of a known size can be mounted here: %v, %s", err, r.said())
	}
	got, _ := os.ReadFile(out.Name())
	if want := "first 1\nthen 0\n5000\n0\n0\n"; string(got) != want {
		t.Errorf("%q, want %q; stderr: %s", got, want, r.said())
	}
	if said := string(r.said()); strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "fanout: journal journal: no space left on device; --resume runs again what it does not have") {
		t.Errorf("%q", said)
	}
}
