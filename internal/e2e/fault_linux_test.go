package e2e_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFault: a runner that dies of a fault in the Go runtime is a failure of fanout, not wrong usage, although Go exits
// with the same code. The user gets one line; the trace goes to a file.
func TestFault(t *testing.T) {
	const theRunner = `read _ _ _ runner _ < /proc/$PPID/stat; `
	for name, tt := range map[string]struct {
		args []string
		job  string
	}{
		"thread":  {[]string{"-j4"}, `runner=$PPID; `},
		"process": {[]string{"-j2", "-m", "process"}, theRunner},
		"keep":    {[]string{"-k", "-j2", "-q"}, `runner=$PPID; `},
	} {
		for signal, what := range map[string]string{"ABRT": "SIGABRT: abort", "SEGV": "SIGSEGV: segmentation violation", "SYS": "SIGSYS: bad system call"} {
			t.Run(name+" "+signal, func(t *testing.T) {
				job := tt.job + `[ {} = 1 ] && kill -` + signal + ` $runner; sleep 1000`
				r := start(t, append(append([]string{"fanout"}, tt.args...), job, ":::", "0", "1")...)
				r.ends(1)
				line := regexp.MustCompile(`^fanout: the runner died: ` + what + `; its jobs were ended; please report it with the contents of (\S+)\n$`)
				m := line.FindSubmatch(r.said())
				if m == nil {
					t.Fatalf("it said %.500q", r.said())
				}
				if trace, err := os.ReadFile(string(m[1])); err != nil || !strings.Contains(string(trace), "goroutine ") {
					t.Errorf("its trace is %.100q, %v", trace, err)
				}
			})
		}
	}
	t.Run("GOTRACEBACK", func(t *testing.T) {
		r := prepare(t, "fanout", "kill -ABRT $PPID; sleep 1000; : {}", ":::", "1")
		r.cmd.Env = append(r.cmd.Env, "GOTRACEBACK=single")
		r.begin()
		r.ends(1)
		if said := string(r.said()); !strings.Contains(said, "\ngoroutine ") || !strings.HasSuffix(said, "fanout: the runner died: exit status 2; its jobs were ended\n") {
			t.Errorf("it said %.500q", said)
		}
	})
	t.Run("worker", func(t *testing.T) {
		r := start(t, "fanout", "-j2", "-m", "process", "kill -ABRT $PPID; sleep 1000; : {}", ":::", "1")
		r.ends(125)
		if line := `job 1, "1": lost: worker 1 died: SIGABRT: abort; see ` + r.registry + "/fanout-trace-"; !strings.Contains(string(r.said()), line) || strings.Contains(string(r.said()), "goroutine") {
			t.Errorf("it said %.500q, want %s", r.said(), line)
		}
	})
}

// TestUsageIsNoFault: wrong usage still exits with 2.
func TestUsageIsNoFault(t *testing.T) {
	r := start(t, "fanout", "--no-such-flag")
	r.ends(2)
	if said := string(r.said()); strings.Count(said, "\n") != 1 || strings.Contains(said, "died") {
		t.Errorf("it said %q", said)
	}
}
