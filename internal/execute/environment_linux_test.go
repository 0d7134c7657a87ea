package execute

import (
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template"
	"fanout/internal/testkit"
)

// variables returns the environment of a job.
func variables(t *testing.T, out string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for kv := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		name, value, _ := strings.Cut(kv, "=")
		if _, twice := got[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		got[name] = value
	}
	return got
}

func TestEnvironment(t *testing.T) {
	sup := newSupervisor(t)
	dir := fixture(t)
	spec := Spec{
		Dir: dir,
		Environ: environ("X=1", "Y=1", "X=2", "EMPTY=", "PWD=/elsewhere", "MULTI=a\nb=c",
			"FANOUT_SEQ=99", "FANOUT_SLOT=99", "FANOUT_ATTEMPT=99", "FANOUT_RUN=outer", "FANOUT_WORKERS=3"),
		Env: []string{"Y=override", "NEW=with = sign", "FANOUT_SEQ=mine"},
	}
	for name, command := range map[string][]string{
		"program": {"env", "-0"},
		"native":  {"env -0 | cat"},
		"shell":   {"env -0; : $x"},
	} {
		l, err := local(t, sup, spec, template.Spec{Command: command, Pipe: true})
		if err != nil {
			t.Fatal(err)
		}
		for seq := int64(1); seq <= 3; seq++ {
			var out strings.Builder
			st := l.Run(t.Context(), job.Job{Index: seq, Slot: 1, Attempt: int(seq) + 1}, job.Output{Stdout: &out, Stderr: &out})
			if !st.OK() {
				t.Fatal(st)
			}
			got := variables(t, out.String())
			for variable, want := range map[string]string{
				"X": "2", "Y": "override", "NEW": "with = sign", "EMPTY": "", "MULTI": "a\nb=c", "PWD": dir, "FANOUT_WORKERS": "3", "FANOUT_RUN": "run",
				"FANOUT_SEQ": string(rune('0' + seq)), "FANOUT_SLOT": "1", "FANOUT_ATTEMPT": string(rune('1' + seq)),
			} {
				if value, there := got[variable]; !there || value != want {
					t.Errorf("%s: %s is %q, want %q", name, variable, value, want)
				}
			}
		}
	}
}

func TestEnvironmentTable(t *testing.T) {
	for _, tt := range []struct {
		spec Spec
		want []string
	}{
		{Spec{RunID: "r"}, []string{"FANOUT_RUN=r"}},
		{Spec{RunID: "r", Environ: []string{"A=1", "AB=2", "A=3"}}, []string{"A=3", "AB=2", "FANOUT_RUN=r"}},
		{Spec{RunID: "r", Environ: []string{"A=1"}, Env: []string{"A=", "B=2"}}, []string{"A=", "B=2", "FANOUT_RUN=r"}},
		{Spec{RunID: "r", Environ: []string{"PWD=/x"}, Dir: "/y"}, []string{"PWD=/y", "FANOUT_RUN=r"}},
		{Spec{RunID: "r", Environ: []string{"PWD=/x"}}, []string{"PWD=/x", "FANOUT_RUN=r"}},
		{Spec{RunID: "r", Dir: "/y", Env: []string{"PWD=/z"}}, []string{"PWD=/z", "FANOUT_RUN=r"}},
		{Spec{RunID: "r", Environ: []string{"FANOUT_RUN=o", "FANOUT_SEQ=1", "FANOUT_SEQUEL=2"}}, []string{"FANOUT_SEQUEL=2", "FANOUT_RUN=r"}},
	} {
		if got := Variables(tt.spec); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.spec, got, tt.want)
		}
	}
}

// TestScratch: variables of one job are neither in the next job's environment nor in the one that all share.
func TestScratch(t *testing.T) {
	sup := newSupervisor(t)
	l, err := local(t, sup, Spec{Environ: environ("A=shared")}, template.Spec{Command: []string{"A={} sh -c 'echo $A'; sh -c 'echo $A'"}})
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(l.env.base)
	for _, item := range []string{"one", "two"} {
		var out strings.Builder
		l.Run(t.Context(), newJob(item), job.Output{Stdout: &out, Stderr: &out})
		if out.String() != item+"\nshared\n" {
			t.Errorf("%q", out.String())
		}
	}
	if !slices.Equal(before, l.env.base) {
		t.Errorf("%q", l.env.base)
	}
}

// TestNoPath: without PATH, or with an empty one, programs are found where bash finds them.
func TestNoPath(t *testing.T) {
	sup := newSupervisor(t)
	dir := fixture(t)
	for _, environ := range [][]string{{"X=1"}, {"PATH="}, {"PATH=:"}, {"PATH=folder:."}, {"PATH=/bin:/usr/bin"}} {
		for _, script := range []string{"cat {}", "hashbang {}", "cat {} | cat"} {
			var got [2]outcome
			for i, forced := range []bool{false, true} {
				got[i] = run(t, t.Context(), sup, Spec{Dir: dir, Environ: environ, ShellForced: forced}, template.Spec{Command: []string{script}}, "in")
			}
			if got[0].out != got[1].out || got[0].code() != got[1].code() {
				t.Errorf("%q: %s: %q %d, in the shell %q %d", environ, script, got[0].out, got[0].code(), got[1].out, got[1].code())
			}
		}
	}
}

// TestNothingLeaks: jobs leave no descriptor open.
func TestNothingLeaks(t *testing.T) {
	sup := newSupervisor(t)
	dir := fixture(t)
	scripts := []string{
		"cat {}", "cat {} | cat", "echo {} | cat", "cat <in >out", "cat <missing | cat", "echo {} >missing/x", "cat {} >/dev/full", "yes | head -n 1",
		"echo a | true", "./missing {} | cat", "./badbang || true", "echo {} >&2 | cat", "cat <in 2>&1 >out | cat", "A={} env | false", "cat {} $x", "./script {}",
	}
	for _, script := range scripts {
		l, err := local(t, sup, Spec{Dir: dir}, template.Spec{Command: []string{script}})
		if err != nil {
			t.Fatal(err)
		}
		round := func() {
			for _, item := range []string{"in", "missing", "", "nul\x00", strings.Repeat("x", 1<<18)} {
				var out strings.Builder
				l.Run(t.Context(), newJob(item), job.Output{Stdout: &out, Stderr: &out})
			}
		}
		round()
		before := testkit.OpenFiles(t)
		round()
		round()
		if after := testkit.OpenFiles(t); after > before {
			t.Errorf("%s: %d descriptors before, %d after", script, before, after)
		}
	}
}
