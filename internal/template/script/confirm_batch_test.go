package script

import (
	"os/exec"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// runBash returns what the script prints for a job.
func runBash(t *testing.T, tt *Script, j job.Job) string {
	t.Helper()
	text, params, err := tt.shell(j)
	if err != nil {
		t.Fatal(err)
	}
	return runText(t, text, params...)
}

func runText(t *testing.T, text string, params ...string) string {
	t.Helper()
	cmd := exec.Command("bash", append([]string{"-c", text, "bash"}, params...)...)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return string(out)
}

// TestConfirmBatch gives all hostile items to one job.
func TestConfirmBatch(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to confirm with")
	}
	j := job.Job{Index: 7, Slot: 1, Items: items(hostile...)}
	each := func(f func(string) string) string {
		var b strings.Builder
		for _, it := range hostile {
			b.WriteString(f(it) + "\x00")
		}
		return b.String()
	}
	whole := each(func(s string) string { return s })
	joined := strings.Join(hostile, " ")
	slash, err := (&words.Scope{}).Scan("{/}", true)
	if err != nil {
		t.Fatal(err)
	}
	base := func(s string) string { return slash[0].Ref.Item(items(s)[0]) }
	for _, c := range []struct{ script, want string }{
		{`printf '%s\0' {}`, whole},
		{`printf '%s\0' {} {#}`, whole + "7\x00"},
		{`printf '%s\0' d/{}`, each(func(s string) string { return "d/" + s })},
		{`printf '%s\0' "{} x"'{}'`, each(func(s string) string { return s + " x" + s })},
		{`printf '%s\0' $'{}\t'`, each(func(s string) string { return s + "\t" })},
		{`printf '%s\0' {} {/}`, whole + each(base)},
		{`for i in {}; do printf '%s\0' "$i"; done`, whole},
		{`x=({}); printf '%s\0' "${x[@]}"`, whole},
		{`f() { printf '%s\0' {}; }; f`, whole},
		{`set -e; printf '%s\0' {} {#}`, whole + "7\x00"},
		{`f() { printf '%s\0' "$@"; }; f {}`, whole},
		{`x={}; printf %s "$x"`, joined},
		{"cat <<E\n{}\nE", joined + "\n"},
		{`case {} in {}) printf %s {1}{2} ;; esac`, hostile[0] + hostile[1]},
		{`printf '%s\0' {2} {999}`, hostile[1] + "\x00\x00"},
		{`(printf '%s\0' {}) | cat`, whole},
		{`printf '%s\0' {} {:q} | head -c 0; printf '%s\0' {}`, whole},
	} {
		tt := mustCompile(t, given{text: c.script, batch: 1000})
		if got := runBash(t, tt, j); got != c.want {
			t.Errorf("%q: got %q", c.script, got)
		}
	}
}

func TestConfirmSources(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to confirm with")
	}
	a, b := `x "$(touch CANARY)`, "'y\n"
	j := job.Job{Index: 7, Items: []job.Item{{Fields: []string{a + " " + b, a, b}}}}
	for script, want := range map[string]string{
		`printf '%s\0' {}`:                             a + "\x00" + b + "\x00",
		`printf '%s\0' -{}`:                            "-" + a + " " + b + "\x00",
		`printf '%s\0' "{}"`:                           a + " " + b + "\x00",
		`printf '%s\0' {2} {1}`:                        b + "\x00" + a + "\x00",
		`x={}; printf '%s\0' "$x"`:                     a + " " + b + "\x00",
		`for i in {} {1}; do printf '%s\0' "$i"; done`: a + "\x00" + b + "\x00" + a + "\x00",
	} {
		if got := runBash(t, mustCompile(t, given{text: script, sources: 2}), j); got != want {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
		pair := job.Job{Items: []job.Item{j.Items[0], j.Items[0]}}
		if script == `printf '%s\0' {}` {
			if got := runBash(t, mustCompile(t, given{text: script, sources: 2, batch: 2}), pair); got != want+want {
				t.Errorf("%q twice: got %q", script, got)
			}
		}
	}
}

// TestConfirmNative holds that the words of a native plan are those of bash.
func TestConfirmNative(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to confirm with")
	}
	texts := []string{
		`{}`, `a{}b`, `"{}"`, `'{}'`, `''`, `""`, `a''b`, `\a`, `\\`, `\'`, `"\a"`, `"\\"`, `"\""`, `'\a'`, `'\\'`, `"'"`, `'"'`, `a\ b`, `"a\
b"`, `a\
b`, `'a
b'`, `\{\}`, `{foo}`, `{a.b}`, `a=b`, `--x={}`, `a:b`, `a#b`, `%`, `+`, `^`, `!`, `a!b`, `@`, `,`, `..`, `{{}}`, `'{{}}'`, `"{{.}}"x`, `\*`, `"*"`, `'?'`, `\~`, `"~"`, `]`, `\$x`,
		`'$x'`, `"\$x"`, `"{}""{}"`, `{}{}`, `-`, `--`, "é", `{`, `}`, `{}}`, `a{`, `"\{}"`, `'\{}'`,
	}
	item := "it em$(touch CANARY)'\""
	j := job.Job{Index: 1, Items: items(item)}
	for _, word := range texts {
		tt := mustCompile(t, given{text: "x " + word + " {}"})
		if tt.Plan == nil {
			if !strings.ContainsAny(word, "]") {
				t.Errorf("%q needs a shell", word)
			}
			continue
		}
		argv, err := tt.Plan.Steps[0].Pipeline[0].Argv(nil, j)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(argv[1:], "\x00") + "\x00"
		if want := runBash(t, mustCompile(t, given{text: `printf '%s\0' ` + word + " {}"}), j); got != want {
			t.Errorf("%q: got %q, bash has %q", word, got, want)
		}
		shown, err := tt.Plan.Display(j)
		if err != nil {
			t.Fatal(err)
		}
		if want := runText(t, strings.Replace(shown, "x ", `printf '%s\0' `, 1)); got != want {
			t.Errorf("%q: display %q is %q", word, shown, want)
		}
	}
}
