//go:build linux

package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// cutShort holds COMMANDs whose jobs note their start in the directory run and then wait, until the file go exists. If
// only the process that such a job waits for is ended, the job continues and succeeds.
var cutShort = map[string][]string{
	"native":     {`sh -c ': > run/$0; test -e go || exec sleep 1000' {}; echo {} >> went; echo {}`},
	"pipeline":   {`sh -c ': > run/$0; test -e go || exec sleep 1000' {} | sh -c 'trap "" TERM; cat'`},
	"shell":      {`: > run/{}; for i in 1; do test -e go || sleep 1000; done; echo {}`},
	"program":    {"sh", "-c", `: > "run/$1"; test -e go || sleep 1000; echo "$1"`, "sh", "{}"},
	"obedient":   {"sh", "-c", `trap 'kill $!; exit 0' TERM; : > "run/$1"; test -e go || { sleep 1000 & wait; }; echo "$1"`, "sh", "{}"},
	"persistent": {"--persistent", "bash", "-c", `while read -r x; do : > "run/$x"; test -e go || sleep 1000; echo "$x"; done`},
}

// TestEndedAllAtOnce ends all processes of a run at once, as the end of a service, a container or a batch job does, and
// in the worst order: jobs, workers, runner, warden, guardian. No job is recorded as a success, no output is kept as one, and a
// resumed run runs the jobs again.
func TestEndedAllAtOnce(t *testing.T) {
	testkit.Slow(t)
	for name, command := range cutShort {
		for _, mode := range []string{"thread", "process"} {
			if mode == "process" && name == "persistent" {
				continue
			}
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				for _, span := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond} {
					const most = 20
					attempts := 1
					for ; attempts < most && !endedAllAtOnce(t, span, append([]string{"--mode", mode}, command...)) && !t.Failed(); attempts++ {
					}
					if attempts == most {
						t.Skipf("this machine is too slow for signals %v apart", span)
					}
				}
			})
		}
	}
}

// endedAllAtOnce makes one attempt, with the given time from the first signal to the last. It reports false if this
// machine was so slow that the signals took much longer.
func endedAllAtOnce(t *testing.T, span time.Duration, command []string) (ok bool) {
	items := []string{":::", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}
	flags := []string{"-j4", "--journal", "journal", "--results", "results"}
	if slices.Contains(command, "--persistent") {
		command = command[2:]
	}
	args := slices.Concat([]string{"fanout"}, flags, command, items)
	r := prepare(t, args...)
	if err := os.Mkdir(filepath.Join(r.dir, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.begin()
	r.files("run", 4)
	r.eventually("the processes that the jobs wait for", func() bool { return waiting(r.cmd.Process.Pid) == 4 })
	first := time.Now()
	termAll(r.inOrder(), span)
	slow := time.Since(first) > 2*span+30*time.Millisecond
	r.ends(143)
	if slow {
		return false
	}
	if went, _ := os.ReadFile(filepath.Join(r.dir, "went")); len(went) > 0 {
		t.Errorf("after %v, jobs continued that were cut short: %q", span, went)
	}
	if done := r.successes(); len(done) > 0 {
		t.Errorf("after %v, %v were cut short and are recorded as successes; stderr:\n%s", span, done, r.said())
	}
	if kept, _ := filepath.Glob(filepath.Join(r.dir, "results", "*", "*", "meta.json")); len(kept) > 0 {
		for _, name := range kept {
			if text, _ := os.ReadFile(name); strings.Contains(string(text), `"ok":true`) {
				t.Errorf("after %v, %s is kept as a success", span, name)
			}
		}
	}
	r.write("go", "")
	again := prepare(t, slices.Insert(args, 1, "--resume")...)
	again.dir, again.cmd.Dir = r.dir, r.dir
	again.begin()
	again.ends(0)
	if done := r.successes(); len(done) != len(items)-1 {
		t.Errorf("after %v, only %v are done in the resumed run", span, done)
	}
	return true
}

// waiting counts the waiting jobs among the descendants of a process.
func waiting(top int) (n int) {
	for _, pid := range slices.Concat(inOrder(top)...) {
		if line := testkit.CommandLine(pid); line == "sleep\x001000\x00" {
			n++
		}
	}
	return n
}

// inOrder returns all processes of the run in stages: those of the jobs, children first, then the workers, the runner,
// the warden and the guardian.
func (r *running) inOrder() [][]int { return inOrder(r.cmd.Process.Pid) }

// inOrder returns a process and its descendants in stages: first other programs, then processes of the same program,
// each with children first.
func inOrder(top int) (stages [][]int) {
	children := map[int][]int{}
	for _, pid := range testkit.Processes() {
		_, parent := stat(pid)
		children[parent] = append(children[parent], pid)
	}
	var own, jobs [][]int // by depth
	var walk func(pid, depth int)
	walk = func(pid, depth int) {
		kind := &jobs
		if executable(pid) == executable(top) {
			kind = &own
		}
		for len(*kind) <= depth {
			*kind = append(*kind, nil)
		}
		(*kind)[depth] = append((*kind)[depth], pid)
		for _, child := range children[pid] {
			walk(child, depth+1)
		}
	}
	walk(top, 0)
	for _, all := range [][][]int{jobs, own} {
		for _, pids := range slices.Backward(all) {
			if len(pids) > 0 {
				stages = append(stages, pids)
			}
		}
	}
	return stages
}

// termAll sends TERM to all processes, stage by stage, within the given time. A process that has already ended is no
// danger: the system does not reuse its pid so soon.
func termAll(stages [][]int, span time.Duration) {
	for i, pids := range stages {
		if i > 0 {
			time.Sleep(span / time.Duration(len(stages)-1))
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGTERM)
		}
	}
}

// successes returns the items that the journal records as successes.
func (r *running) successes() (items []string) {
	text, _ := os.ReadFile(filepath.Join(r.dir, "journal"))
	for line := range strings.Lines(string(text)) {
		var l struct {
			OK    bool
			Items []string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Errorf("%q: %v", line, err)
		}
		if l.OK {
			items = append(items, l.Items...)
		}
	}
	return items
}
