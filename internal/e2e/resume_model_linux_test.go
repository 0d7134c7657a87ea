//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// editedRuns holds runs of one journal, with a list that changes between them.
type editedRuns struct {
	killed
	list   []string
	bad    map[string]bool // words whose jobs fail at present
	before edited          // the journal before the run
	kept   map[string]string
	out    string
}

// edited is the content of a journal, read in the plainest way.
type edited struct {
	items map[string]bool // by number and content: whether the item has succeeded
	jobs  map[int]bool    // whether the last line of a job is a success
}

// of counts the items with this content that succeeded, and those that did not.
func (e edited) of(word string) (done, failed int) {
	for item, ok := range e.items {
		if _, text, _ := strings.Cut(item, " "); text != word {
			continue
		}
		if ok {
			done++
		} else {
			failed++
		}
	}
	return done, failed
}

// TestEditedListsAreResumed runs lists whose items occur several times, kills the runs, edits the lists and resumes
// them, in batches and not. It compares what each run does with the journal.
func TestEditedListsAreResumed(t *testing.T) {
	testkit.Slow(t)
	const rounds, runs = 12, 7
	for round := range uint64(rounds) {
		e := &editedRuns{bad: map[string]bool{}, kept: map[string]string{}}
		e.killed = killed{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(round, 3)), took: 100 * time.Millisecond}
		e.before = edited{items: map[string]bool{}, jobs: map[int]bool{}}
		for range 20 {
			e.list = append(e.list, e.word())
		}
		for range runs {
			e.edit()
			e.run()
			if t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	}
}

func (e *editedRuns) word() string { return fmt.Sprintf("w%d", e.random.IntN(25)) }

// edit changes the list, and the words that fail.
func (e *editedRuns) edit() {
	for range e.random.IntN(5) {
		at := e.random.IntN(len(e.list))
		switch e.random.IntN(4) {
		case 0:
			e.list = slices.Insert(e.list, at, e.word())
		case 1:
			e.list = slices.Delete(e.list, at, at+1)
		case 2:
			e.list[at] = e.word()
		case 3:
			e.random.Shuffle(len(e.list), func(i, j int) { e.list[i], e.list[j] = e.list[j], e.list[i] })
		}
		if len(e.list) == 0 {
			e.list = append(e.list, e.word())
		}
	}
	clear(e.bad)
	for range 4 {
		e.bad[e.word()] = true
	}
	if err := os.WriteFile(filepath.Join(e.dir, "bad"), []byte(strings.Join(slices.Sorted(maps.Keys(e.bad)), "\n")+"\n"), 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// run resumes the journal, and may kill the run.
func (e *editedRuns) run() {
	flag := "--resume"
	if len(e.before.items) > 0 && e.random.IntN(3) == 0 {
		flag = "--retry-failed"
	}
	flags := [][]string{{}, {"-k"}, {"--mode", "process"}, {"-n", "2"}, {"-n", "3", "-k"}}[e.random.IntN(5)]
	args := slices.Concat([]string{"fanout", "-j3", "--journal", "journal", flag, "--results", "results", "-o", "out"}, flags,
		[]string{`for i in {}; do echo $i >> ran; done; sleep 0.01; for i in {}; do ! grep -qx $i bad || exit 3; echo "$i printed"; done`, ":::"}, e.list)
	os.Remove(filepath.Join(e.dir, "ran"))
	r := prepare(e.t, args...)
	r.dir, r.cmd.Dir = e.dir, e.dir
	began := time.Now()
	r.begin()
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	whole := true
	wait := waitLimit
	if e.random.IntN(2) == 0 {
		wait = time.Duration(e.random.Float64() * 1.1 * float64(e.took))
	}
	select {
	case <-ended:
		e.took = time.Since(began)
	case <-time.After(wait):
		whole = false
		e.kill(r)
		select {
		case <-ended:
		case <-time.After(waitLimit):
			e.t.Fatalf("it does not end; stderr: %s", r.said())
		}
	}
	r.eventually("the end of all jobs", func() bool { return len(r.processes()) == 0 })
	r.eventually("the end of the runner, which closes its files last", e.unlocked)
	e.checkRan(flag, flags, whole, string(r.said()))
	e.read()
	e.checkKept()
}

// checkRan checks how many items of each content were run: the expected number, or fewer in a run that was killed.
func (e *editedRuns) checkRan(flag string, flags []string, whole bool, said string) {
	text, _ := os.ReadFile(filepath.Join(e.dir, "ran"))
	ran, listed := map[string]int{}, map[string]int{}
	for _, word := range strings.Fields(string(text)) {
		ran[word]++
	}
	for _, word := range e.list {
		listed[word]++
	}
	for word, n := range ran {
		if listed[word] == 0 {
			e.t.Errorf("%s was run %d times, and is not in the list", word, n)
		}
	}
	for word, n := range listed {
		done, failed := e.before.of(word)
		want := max(0, n-done)
		if flag == "--retry-failed" {
			want = min(want, failed)
		}
		if ran[word] > want || whole && ran[word] != want {
			e.t.Errorf("%s %q, whole: %v: %s is %d times in the list, was %d times done and %d times failed, and was run %d times, want %d; stderr: %s", flag, flags, whole, word, n, done, failed, ran[word], want, said)
		}
	}
}

// read reads the journal.
func (e *editedRuns) read() {
	e.before = edited{items: map[string]bool{}, jobs: map[int]bool{}}
	text, _ := os.ReadFile(filepath.Join(e.dir, "journal"))
	for line := range bytes.Lines(text) {
		var l struct {
			Seq   int
			Items []string
			At    []int
			OK    bool
		}
		if err := json.Unmarshal(line, &l); err != nil && bytes.HasSuffix(line, []byte("\n")) {
			e.t.Errorf("the journal holds %q: %v", line, err)
		}
		if l.Seq == 0 || !bytes.HasSuffix(line, []byte("\n")) {
			continue
		}
		if e.before.jobs[l.Seq] {
			e.t.Errorf("job %d had succeeded, and is in the journal again: %q", l.Seq, l.Items)
		}
		e.before.jobs[l.Seq] = l.OK
		for i, at := range l.At {
			e.before.items[strconv.Itoa(at)+" "+l.Items[i]] = l.OK
		}
	}
}

// checkKept checks that results and output of successful jobs stay as they were.
func (e *editedRuns) checkKept() {
	for seq, ok := range e.before.jobs {
		if !ok {
			continue
		}
		dir := filepath.Join(e.dir, "results", fmt.Sprintf("%06d", seq/1000), strconv.Itoa(seq))
		meta, err := os.ReadFile(filepath.Join(dir, "meta.json"))
		stdout, _ := os.ReadFile(filepath.Join(dir, "stdout"))
		all := string(meta) + string(stdout)
		if was, had := e.kept[dir]; err != nil || had && was != all {
			e.t.Errorf("%s was %q, and is %q, %v", dir, was, all, err)
		}
		e.kept[dir] = all
	}
	out, _ := os.ReadFile(filepath.Join(e.dir, "out"))
	if !strings.HasPrefix(string(out), e.out) {
		e.t.Errorf("-o held %q, and now %q", e.out, out)
	}
	e.out = string(out)
}
