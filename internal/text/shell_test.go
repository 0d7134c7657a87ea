package text

import (
	"os/exec"
	"testing"
)

func TestShellWords(t *testing.T) {
	bash, _ := exec.LookPath("bash")
	for word, want := range map[string]string{
		"plain": "plain", "-x": "-x", "a/b.c:d,e": "a/b.c:d,e", "{}": "{}", "": "''", "a b": "'a b'", "{a,b}": "'{a,b}'", "{": "'{'", "~": "'~'", "a=b": "'a=b'",
		"é": "'é'", "it's": `'it'\''s'`, "two\nlines\t\r": `$'two\nlines\t\r'`, "\xff1": `$'\3771'`, "\x1b\\'": `$'\033\\\''`, "\u202e": `$'\342\200\256'`,
	} {
		if got := ShellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
		if bash == "" {
			continue
		}
		if out, err := exec.Command(bash, "-c", "printf %s "+want).Output(); err != nil || string(out) != word {
			t.Errorf("%q: bash reads %q, %v", word, out, err)
		}
	}
	if got, want := ShellWords([]string{"echo", "", "a b"}), "echo '' 'a b'"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
