package template

import (
	"slices"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

func TestProgram(t *testing.T) {
	spread := []job.Item{{Fields: []string{"a b", "a", "b"}}}
	rows := []job.Item{{Fields: []string{"x,y", "x", "y"}}, {Fields: []string{"z", "z"}}}
	for _, c := range []struct {
		spec  Spec
		items []job.Item
		want  []string
	}{
		{Spec{Command: []string{"x"}}, items("a"), []string{"x", "a"}},
		{Spec{Command: []string{"x"}, Pipe: true}, items("a"), []string{"x"}},
		{Spec{Command: []string{"x", "-{}-", "{.}"}}, items("a.b"), []string{"x", "-a.b-", "a"}},
		{Spec{Command: []string{"x", "{{}}", "{foo}", "\\{}"}}, items("a"), []string{"x", "{}", "{foo}", "\\a"}},
		{Spec{Command: []string{"x", "{{}}"}}, items("a"), []string{"x", "{}", "a"}},
		{Spec{Command: []string{"x", "{#}"}}, items("a"), []string{"x", "7"}},
		{Spec{Command: []string{"x", "{%}{#}"}}, items("a"), []string{"x", "37"}},
		{Spec{Command: []string{"x", "{%}{%0}", "{{%0}}", "{}"}}, items("a"), []string{"x", "32", "{%0}", "a"}},
		{Spec{Command: []string{"x", "{..}", "{/..}", "{+.}", "{1..}", "{-1+.}"}}, items("d/a.tar.gz"), []string{"x", "d/a", "a", "gz", "d/a", "gz"}},
		{Spec{Command: []string{"x", "{%.gz}", "{#d/}", "{/a/b}", `{/\//+}`, "{/d/}", "{1%gz1}", "{%r.gz:q}"}}, items("d/a.tar.gz"),
			[]string{"x", "d/a.tar", "a.tar.gz", "d/b.tar.gz", "d+a.tar.gz", "/a.tar.gz", "d/a.tar.gz", "'d/a.ta'"}},
		{Spec{Command: []string{"x", "{{..}}"}}, items("a"), []string{"x", "{..}", "a"}},
		{Spec{Command: []string{"x", "{-1}", "-{-2}", "-{-3}-"}, Batch: 3}, items("a", "b"), []string{"x", "b", "-a", "--"}},
		{Spec{Command: []string{"x", "{%.c}.o", "{%.c}"}, Batch: 3}, items("a.c", "b.c"), []string{"x", "a.o", "b.o", "a", "b"}},
		{Spec{Command: []string{"x", "{-1}", "{-2..}", "{#a}", "-{1%b}{2%b}-"}, Sources: 2}, spread, []string{"x", "b", "a", "", "b", "-a-"}},
		{Spec{Command: []string{"x", "d/{}", "{}", "k"}, Batch: 3}, items("a", "b"), []string{"x", "d/a", "d/b", "a", "b", "k"}},
		{Spec{Command: []string{"x", "{1}+{3}", "{2/}"}, Batch: 3}, items("a", "b/c"), []string{"x", "a+", "c"}},
		{Spec{Command: []string{"x", "{}", "-{}", "{2}{1}"}, Sources: 2}, spread, []string{"x", "a", "b", "-a b", "ba"}},
		{Spec{Command: []string{"x"}, Sources: 2}, spread, []string{"x", "a", "b"}},
		{Spec{Command: []string{"x", "{m}", "{n.}", "{2}", "{{no}}"}, Rows: &words.Rows{Names: []string{"n", "m"}}, Batch: 2}, rows,
			[]string{"x", "y", "", "x", "z", "y", "", "{no}"}},
		{Spec{Command: []string{"x", "{}", "{2}", "{3}"}, Rows: &words.Rows{}}, rows[:1], []string{"x", "x,y", "y", ""}},
		{Spec{Command: []string{"x", "{:q}", "{/:q}"}}, items("a/b'c"), []string{"x", `'a/b'\''c'`, `'b'\''c'`}},
		{Spec{Command: []string{"echo", "|", "wc"}}, items("a"), []string{"echo", "|", "wc", "a"}},
		{Spec{Command: []string{"ssh", "{}", "uptime"}}, items("h"), []string{"ssh", "h", "uptime"}},
		{Spec{Command: []string{"sh", "-c", `x "$1"`, "sh", "{}"}}, items("h"), []string{"sh", "-c", `x "$1"`, "sh", "h"}},
		{Spec{Command: []string{"sh", "-c", `x {:q} {#}`}}, items("h"), []string{"sh", "-c", `x 'h' 7`}},
		{Spec{Command: []string{"find", ".", "-name", "{}"}}, items("h"), []string{"find", ".", "-name", "h"}},
	} {
		tt, err := Compile(c.spec)
		if err != nil {
			t.Errorf("%q: %v", c.spec.Command, err)
			continue
		}
		got, err := tt.Plan().Steps[0].Pipeline[0].Argv(nil, job.Job{Index: 7, Slot: 3, Items: c.items})
		if err != nil || !slices.Equal(got, c.want) || tt.Form() != ProgramForm {
			t.Errorf("%q: got %q, %v, want %q", c.spec.Command, got, err, c.want)
		}
	}
}

func TestProgramRefusals(t *testing.T) {
	for _, command := range [][]string{
		{"sh", "-c", "x {}"}, {"env", "bash", "-ec", "{}"}, {"ssh", "h", "x", "{}"}, {"ssh", "-p", "22", "h", "{}"}, {"sh", "-c", "'{:q}'"},
		{"ssh", "h", "uptime"}, {"sudo", "-u", "x", "sh", "-c", "{}"}, {"find", ".", "-exec", "sh", "-c", "{}", ";"}, {"x", "{2}"}, {"x", "{-2}"}, {"x", "{-2..}"}, {"sh", "-c", "{%.gz}"}, {"ssh", "h", "{#a}"}, {"sh", "-c", "{/a/b}"}, {"sh", "-c", "x {-1}"},
		{"docker", "exec", "c", "sh", "-c", "{}"}, {"{}", "-c", "{}"}, {"busybox", "sh", "-c", "{}"}, {"fish", "-c", "x {:q}"},
		{"watch", "{}"}, {"rsync", "-e", "{}", "a", "b"}, {"rsync", "-avze", "{}", "a", "b"}, {"tar", "--to-command={}"}, {"tmux", "neww", "{}"},
		{"ssh", "-oProxyCommand={}", "h"}, {"ssh", "-o", "ProxyCommand={}", "h"}, {""}, {},
	} {
		if _, err := Compile(Spec{Command: command}); err == nil {
			t.Errorf("%q was accepted", command)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		command []string
		warns   bool
	}{
		{[]string{"gzip", "-c", "{}", "|", "wc"}, true}, {[]string{"awk", "/{}/", "f"}, true}, {[]string{"awk", "-v", "x={}", "1", "f"}, false},
		{[]string{"awk", "1", "{}"}, false}, {[]string{"sed -n 's/{}/x/p' f"}, true}, {[]string{"sed", "-e", "1p", "{}"}, false},
		{[]string{"python3", "-c", "print('{}')"}, true}, {[]string{"python3", "x.py", "{}"}, false}, {[]string{"perl", "-ne", "{}"}, true},
		{[]string{"echo", "{}"}, false},
	} {
		if got := mustCompile(t, Spec{Command: c.command}).Warnings(); (len(got) > 0) != c.warns {
			t.Errorf("%q: got %q", c.command, got)
		}
	}
}
