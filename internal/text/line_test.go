package text

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"plain": "plain", "./a-b_c.d:e,f=g": "./a-b_c.d:e,f=g", "é日本": "é日本", "n1:8": "n1:8", "-x": "-x",
		"": `""`, "a b": `"a b"`, "\x1b[31m": `"\x1b[31m"`, "a\nb": `"a\nb"`, "a\tb": `"a\tb"`, `a"b`: `"a\"b"`, `a\b`: `"a\\b"`, "a'b": `"a'b"`,
		"\xff": `"\xff"`, "\u202e": `"\u202e"`, "\u0085": `"\u0085"`, "\u2028": `"\u2028"`, "\u00a0": `"\u00a0"`, "\u200d": `"\u200d"`, "\x7f": `"\x7f"`, "\ufeff": `"\ufeff"`,
	} {
		if got := Name(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"a \"b\" 'c' \\d\te": "a \"b\" 'c' \\d\te", "é\u00a0\uFFFD日": "é\u00a0\uFFFD日",
		"a\nb\r": `a\nb\r`, "\x1b]0;x\a": `\x1b]0;x\a`, "\xff\xc3(": `\xff\xc3(`, "\u009b\u202e\u2066\u2029": `\u009b\u202e\u2066\u2029`, "\x00": `\x00`,
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Plain("a text without any such, as most are") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestErrors(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "a b\x1b", Err: syscall.ENOENT}
	link := &os.LinkError{Op: "rename", Old: "a b", New: "c", Err: syscall.EXDEV}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{path, `open "a b\x1b": no such file or directory`},
		{fmt.Errorf("reading: %w; so\n", path), `reading: open "a b\x1b": no such file or directory; so\n`},
		{fmt.Errorf("%w and %w", path, link), `open "a b\x1b": no such file or directory and rename "a b" c: invalid cross-device link`},
		{errors.Join(errors.New("one\nforged"), path, nil), "one\\nforged\nopen \"a b\\x1b\": no such file or directory"},
		{errors.Join(errors.Join(errors.New("a"), errors.New("b")), errors.New("c")), "a\nb\nc"},
		{fmt.Errorf("both: %w", errors.Join(errors.New("a\x1b"), errors.New("b"))), `both: a\x1b; b`},
		{&fs.PathError{Op: "read", Path: "x", Err: path}, `read x: open "a b\x1b": no such file or directory`},
		{hidden{path}, "hidden"},
		{syscall.EPERM, "operation not permitted"},
	} {
		if got := strings.Join(Errors(tt.err), "\n"); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.err, got, tt.want)
		}
	}
	if got, want := Sprint("%s of %v\n%d", "a\x1b", path, 1), "fanout: a\\x1b of open \"a b\\x1b\": no such file or directory\\n1\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// hidden wraps an error that its text does not hold.
type hidden struct{ error }

func (h hidden) Error() string { return "hidden" }
func (h hidden) Unwrap() error { return h.error }
