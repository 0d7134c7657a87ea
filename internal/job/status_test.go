package job

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

func TestStatus(t *testing.T) {
	why := errors.New("why")
	for _, tt := range []struct {
		status     Status
		text       string
		ok, failed bool
	}{
		{Status{}, "exit 0", true, false},
		{Status{Code: 3}, "exit 3", false, true},
		{Status{Code: 255}, "exit 255", false, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGKILL}, "killed by SIGKILL", false, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGSEGV}, "killed by SIGSEGV", false, true},
		{Status{Outcome: Signaled, Signal: 60}, "killed by signal 60", false, true},
		{Status{Outcome: TimedOut, Limit: 2 * time.Second}, "timed out after 2s", false, true},
		{Status{Outcome: Stopped}, "stopped", false, false},
		{Status{Outcome: NotFound, Err: why}, "not found: why", false, true},
		{Status{Outcome: NotFound, Err: errors.New(`"a: command not found": command not found`)}, `not found: "a: command not found"`, false, true},
		{Status{Outcome: NotExecutable, Err: why}, "not executable: why", false, true},
		{Status{Outcome: NotStarted, Err: why}, "not started: why", false, true},
		{Status{Outcome: NotStarted}, "not started", false, true},
		{Status{Outcome: Lost, Err: why}, "lost: why", false, true},
		{Status{Outcome: Lost}, "lost", false, true},
	} {
		if got := tt.status.String(); got != tt.text {
			t.Errorf("%+v: %q, want %q", tt.status, got, tt.text)
		}
		if tt.status.OK() != tt.ok || tt.status.Failed() != tt.failed {
			t.Errorf("%+v: OK %v, Failed %v", tt.status, tt.status.OK(), tt.status.Failed())
		}
	}
}

func TestOutcomes(t *testing.T) {
	seen := map[string]bool{}
	for o := range Outcome(NumOutcomes) {
		name := o.String()
		if name == "" || seen[name] {
			t.Errorf("%d is %q", o, name)
		}
		seen[name] = true
		if again, ok := ParseOutcome(name); again != o || !ok {
			t.Errorf("%q is %d, %v", name, again, ok)
		}
	}
	if o, ok := ParseOutcome("ok"); ok {
		t.Errorf("ok is %d", o)
	}
}

func TestLabel(t *testing.T) {
	item := func(s string) Item { return Item{Fields: []string{s, "field"}} }
	for _, tt := range []struct {
		items []Item
		want  string
	}{
		{nil, ""},
		{[]Item{{}}, ""},
		{[]Item{item("a")}, "a"},
		{[]Item{item("a"), item("b")}, "a"},
	} {
		if got := (Job{Items: tt.items}).Label(); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.items, got, tt.want)
		}
	}
}

func TestStruck(t *testing.T) {
	for _, tt := range []struct {
		st   Status
		want bool
	}{
		{Status{}, false},
		{Status{Code: 1}, false},
		{Status{Code: 128}, false},
		{Status{Code: 143}, true},
		{Status{Code: 137}, true},
		{Status{Code: 141}, false},
		{Status{Code: 255}, false},
		{Status{Outcome: Signaled, Signal: syscall.SIGTERM}, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGINT}, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGHUP}, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGKILL}, true},
		{Status{Outcome: Signaled, Signal: syscall.SIGSEGV}, false},
		{Status{Outcome: Signaled, Signal: syscall.SIGPIPE}, false},
		{Status{Outcome: Lost}, true},
		{Status{Outcome: TimedOut}, false},
		{Status{Outcome: Stopped}, false},
	} {
		if got := tt.st.Struck(); got != tt.want {
			t.Errorf("%+v: %v", tt.st, got)
		}
	}
}
