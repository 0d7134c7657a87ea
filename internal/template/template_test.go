package template

import (
	"strings"
	"testing"

	"fanout/internal/job"
)

// items makes a batch of items without fields.
func items(texts ...string) []job.Item {
	var out []job.Item
	for i, s := range texts {
		out = append(out, job.Item{Seq: int64(i + 1), Fields: []string{s}})
	}
	return out
}

func mustCompile(t testing.TB, spec Spec) *Template {
	t.Helper()
	tt, err := Compile(spec)
	if err != nil {
		t.Fatalf("%q: %v", spec.Command, err)
	}
	return tt
}

func TestNUL(t *testing.T) {
	j := job.Job{Items: items("a\x00b")}
	for _, command := range [][]string{{"x", "{}"}, {"x", "-{}"}, {"x", "{.}"}} {
		if _, err := mustCompile(t, Spec{Command: command}).Plan().Steps[0].Pipeline[0].Argv(nil, j); err == nil || !strings.Contains(err.Error(), "--pipe") {
			t.Errorf("%q: %v", command, err)
		}
	}
	if _, _, err := mustCompile(t, Spec{Command: []string{"x {}"}}).Shell(j); err == nil {
		t.Error("a NUL became a parameter")
	}
}

func TestDisplay(t *testing.T) {
	j := job.Job{Index: 1, Items: items("a b\n'c'\x01")}
	for script, want := range map[string]string{
		`x -n {}`:                   `x -n $'a b\n\'c\'\001'`,
		`x {} 2>/dev/null | y && z`: `x $'a b\n\'c\'\001' 2>/dev/null | y && z`,
		`cd {}`:                     `/bin/sh -c 'cd "${1}"' sh $'a b\n\'c\'\001'`,
		`echo $(({}))`:              `# item "a b\n'c'\x01": not an integer, and bash calculates with integers only`,
	} {
		if got := mustCompile(t, Spec{Command: []string{script}}).Display(j, "/bin/sh"); got != want {
			t.Errorf("%q: got %s, want %s", script, got, want)
		}
	}
}
