package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"
)

// tmux is a real terminal whose content can be read.
type tmux struct {
	t      *testing.T
	socket string
	dir    string
}

func newTmux(t *testing.T, width, height int) *tmux {
	t.Helper()
	testkit.Needs(t, "tmux")
	m := &tmux{t: t, dir: t.TempDir()}
	m.socket = filepath.Join(m.dir, "s")
	// A shell that is alone in its session ends with it.
	m.run("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "-c", m.dir,
		"-e", "LC_ALL=C.UTF-8", "-e", "CI=", "-e", "GITHUB_ACTIONS=", "-e", "NO_COLOR=",
		"-e", "PATH="+os.Getenv("PATH"), "-e", "XDG_RUNTIME_DIR="+m.dir, "bash --norc --noprofile")
	t.Cleanup(func() { exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	m.types("PS1='> '; clear")
	m.await("the shell", `^>$`)
	return m
}

func (m *tmux) run(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v, %s", args, err, out)
	}
	return string(out)
}

// types types a line.
func (m *tmux) types(line string) { m.run("send-keys", "-l", line); m.run("send-keys", "Enter") }

// seen returns what the terminal shows; with all, also what has scrolled away.
func (m *tmux) seen(all bool) string {
	args := []string{"capture-pane", "-p", "-J"}
	if all {
		args = append(args, "-S", "-")
	}
	lines := strings.Split(strings.TrimRight(m.run(args...), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ") // -J keeps trailing blanks
	}
	return strings.Join(lines, "\n")
}

// await waits until the terminal shows the pattern, and returns all lines.
func (m *tmux) await(what, pattern string) []string {
	m.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	for end := time.Now().Add(waitLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if seen := m.seen(false); re.MatchString(seen) {
			return strings.Split(seen, "\n")
		}
	}
	m.t.Fatalf("%s is not seen: %s in\n%s", what, pattern, m.seen(true))
	return nil
}

// TestBars reads the bars from a real terminal. Above them is the output of the jobs, complete and in order. At the end
// no bar is left.
func TestBars(t *testing.T) {
	for _, tt := range []struct{ width, height, workers int }{{80, 24, 1}, {200, 50, 64}, {80, 24, 64}, {20, 8, 3}} {
		t.Run(fmt.Sprintf("%dx%d-%d", tt.width, tt.height, tt.workers), func(t *testing.T) {
			m := newTmux(t, tt.width, tt.height)
			const jobs = 100
			// The jobs of the second half wait until the test has read the screen. The first of them is the head of the
			// order, so its output appears at once.
			m.types(fmt.Sprintf(`clear; fanout -k -j%d --timeout 10m 'echo o{}; [ {} -lt 50 ] || until [ -e go ]; do sleep 0.05; done' ::: $(seq %d)`, tt.workers, jobs))
			lines := m.await("the bar of the run", `^ 49% 49 of 100 `)
			rows := min(tt.workers, 51, max(6, tt.height*2/3), tt.height-2)
			more := fmt.Sprintf("     + %d more", min(51, tt.workers)-rows+1)
			if tt.workers > rows { // all jobs have started when this many have no row
				lines = m.await("the count of jobs without a row", "^"+regexp.QuoteMeta(more)+"$")
			}
			last := len(lines) - 1
			if !strings.HasPrefix(lines[last], " 49% 49 of 100 ") || len(lines) > tt.height-1 {
				t.Errorf("the last of %d lines is %q", len(lines), lines[last])
			}
			row := regexp.MustCompile(`^ +\d+ \d+ +\d+\.\d`)
			if tt.width < 40 { // no room for times
				row = regexp.MustCompile(`^ +\d+ \d+$`)
			}
			if tt.workers > rows {
				last--
				if lines[last] != more {
					t.Errorf("the row above it is %q, want %q", lines[last], more)
				}
				rows--
			}
			for i := range rows {
				if line := lines[last-1-i]; !row.MatchString(line) {
					t.Errorf("row %d is %q", i, line)
				}
			}
			if above := last - 1 - rows; above >= 0 && lines[above] != "o50" {
				t.Errorf("the line above the bars is %q", lines[above])
			}
			for _, line := range lines {
				if len([]rune(line)) > tt.width {
					t.Errorf("too wide: %q", line)
				}
			}
			touch(t, filepath.Join(m.dir, "go"))
			m.await("the summary", `100 jobs: 100 ok`)
			m.await("the shell", `^>$`)
			checkPrinted(t, m, jobs)
		})
	}
}

// checkPrinted checks that the output of the jobs is complete and in order, without parts of bars.
func checkPrinted(t *testing.T, m *tmux, jobs int) {
	t.Helper()
	_, text, _ := strings.Cut("\n"+m.seen(true), "\no1\n")
	want := ""
	for n := 2; n <= jobs; n++ {
		want += fmt.Sprintf("o%d\n", n)
	}
	if !strings.HasPrefix(text, want+"fanout: ") {
		t.Errorf("the terminal at the end:\n%s", text)
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBarsResized makes the terminal narrower, wider and lower during a run.
func TestBarsResized(t *testing.T) {
	m := newTmux(t, 100, 30)
	m.types(`clear; fanout -k -j4 'echo o{}; [ {} -lt 20 ] || until [ -e go{} ]; do sleep 0.05; done' ::: $(seq 24)`)
	m.await("the bar", `^ 79% 19 of 24 `)
	for i, size := range [][2]string{{"60", "30"}, {"140", "30"}, {"100", "12"}, {"100", "30"}} {
		m.run("resize-window", "-x", size[0], "-y", size[1])
		touch(t, filepath.Join(m.dir, fmt.Sprintf("go%d", 20+i)))
		m.await("the bar", fmt.Sprintf(`^ \d+%% %d of 24 `, 20+i))
	}
	touch(t, filepath.Join(m.dir, "go24"))
	m.await("the summary", `24 jobs: 24 ok`)
	m.await("the shell", `^>$`)
	checkPrinted(t, m, 24)
}

// TestBarsInterrupted: Ctrl-C leaves no bars and no job.
func TestBarsInterrupted(t *testing.T) {
	m := newTmux(t, 80, 24)
	long := fmt.Sprintf("1000.%d", os.Getpid()) // unique to this test
	m.types(`clear; fanout -j4 'echo o{}; sleep ` + long + `' ::: $(seq 9)`)
	m.await("the bar", `^  0% 0 of 9 `)
	m.run("send-keys", "C-c")
	m.await("the summary", `^fanout: 4 jobs: 0 ok, 4 stopped$`)
	m.types("echo code $?") // a separate line: the signal ends the shell's line, too
	m.await("the end", `^code 130$`)
	if seen := "\n" + m.seen(true); strings.Contains(seen, " of 9") || strings.Contains(seen, "━") || strings.Count(seen, "\no") != 4 {
		t.Errorf("the terminal at the end:\n%s", seen)
	}
	if left := testkit.Running("sleep", long); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// TestBarsUnknown: without a total there is a spinner. In a dumb terminal, with --quiet and with --progress none, there
// is nothing.
func TestBarsUnknown(t *testing.T) {
	m := newTmux(t, 80, 24)
	m.types(`clear; (seq 3; until [ -e go ]; do sleep 0.05; done) | fanout -k 'echo o{}'`)
	m.await("the spinner", `^3 done  \S +3|^3 done  \S `)
	touch(t, filepath.Join(m.dir, "go"))
	m.await("the summary", `3 jobs: 3 ok`)
	for i, command := range []string{"TERM=dumb fanout", "fanout -q", "fanout -p none", "fanout --output raw", "LC_ALL=C fanout -p none"} {
		m.types(fmt.Sprintf(`clear; %s 'sleep 0.6; echo o{}' ::: 1; echo end $((%d+1))`, command, i))
		end := fmt.Sprintf("end %d", i+1)
		if got := m.await("the end", "^"+end+"$"); got[0] != "o1" || got[1] != end {
			t.Errorf("%s: %q", command, got)
		}
	}
	m.types(`clear; LC_ALL=C NO_COLOR=1 fanout -j2 'echo o{}; until [ -e stop ]; do sleep 0.05; done; exit 1' ::: 1 2`)
	m.await("bars of ASCII", `^ {2}0% 0 of 2 +\[-+\] `)
	touch(t, filepath.Join(m.dir, "stop"))
	m.await("the summary", `2 jobs: 0 ok, 2 failed`)
}
