package script

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"fanout/internal/job"
	"fanout/internal/testkit"
)

// hostile items: each would do harm, or change, if it were read as code.
var hostile = []string{
	"", " ", "plain", "a b", "  two  spaces  ", "tab\there", "new\nline", "\n", "trailing\n\n", "\r", "cr\r\nlf",
	"$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "| touch CANARY", "& touch CANARY", "&& touch CANARY",
	"|| touch CANARY", "\ntouch CANARY\n", "> CANARY", ">CANARY", "<(touch CANARY)", "a[$(touch CANARY)]",
	"x[`touch CANARY`]", "'; touch CANARY; '", `"; touch CANARY; "`, `'"; touch CANARY; "'`, `\"; touch CANARY; \"`,
	"'", `"`, `''`, `""`, `'"'"'`, `\`, `\\`, `a\`, `\'`, `\"`, `\n`, `$'\n'`, "`", "\\`", "$", "$$", "$1", "${1}",
	`"${1}"`, "$@", "${@}", "$x", "${x:-y}", "$((1+1))", "{}", "{.}", "{a,b}", "{1..3}", "*", "?", "[a-z]*", "~", "~root",
	"!x", "!!", "#", "# comment", "-n", "-e", "-va[$(touch CANARY)]", "--", "--help", "-c", "(", ")", "()", "(touch CANARY)",
	"{ touch CANARY; }", "EOF", "E", "\nE\ntouch CANARY\n", "\nEOF\ntouch CANARY\n", "\tE", "a&b", "&", "a=b", "x=1 touch CANARY",
	"\x01", "\x7f", "\x1b[31m", "\xff\xfe", "a\xffb", "\xc3(", "é", "日本語", "\u2028", "%s%n", "%d", "\\0", "\\c", "a\\c",
	"1+1", "x=1", "*/../*", ";;", ";; *) touch CANARY ;; esac", "done; touch CANARY", "fi; touch CANARY", "} ; touch CANARY; {",
	"$(<CANARY)", "${x:=$(touch CANARY)}", "${x@P}", "\\$(touch CANARY)", "a' 'b", "@(a|b)", "+([0-9])", "-f", "=", "-a", "!",
}

// same are scripts that print the item and nothing else.
var same = []string{
	`printf %s {}`,
	`printf %s "{}"`,
	`printf %s '{}'`,
	`printf %s ''{}""`,
	`printf %s $'{}'`,
	`printf %s $"{}"`,
	`printf %s {} # {}`,
	`env printf %s {}`,
	`command printf %s {}`,
	`"printf" '%s' {}`,
	`x={}; printf %s "$x"`,
	`x="{}"; printf %s "$x"`,
	`x='{}'; printf %s "$x"`,
	`x={} env sh -c 'printf %s "$x"'`,
	`export x={}; printf %s "$x"`,
	`readonly x={}; printf %s "$x"`,
	`declare x={}; printf %s "$x"`,
	`declare -r x={}; printf %s "$x"`,
	`f() { local x={}; printf %s "$x"; }; f`,
	`f() { printf %s {}; }; f other`,
	`f() { printf %s "$1"; }; f {}`,
	`set -- a b; printf %s {}`,
	`set -- {}; printf %s "$1"`,
	`shift; printf %s {}`,
	`x=({}); printf %s "${x[0]}"`,
	`x=(a {} b); printf %s "${x[1]}"`,
	`declare -a x=({}); printf %s "${x[0]}"`,
	`x=a; x+={}; printf %s "${x#a}"`,
	`printf %s "${u:-{}}"`,
	`printf %s "${u-{}}"`,
	`v=1; printf %s "${v:+{}}"`,
	`: "${u:={}}"; printf %s "$u"`,
	`x=$(printf '%s.' {}); printf %s "${x%.}"`,
	"x=`printf '%s.' {}`; printf %s \"${x%.}\"",
	"x=\"`printf '%s.' \"{}\"`\"; printf %s \"${x%.}\"",
	"x=`echo \\`printf '%s.' {} >&2\\`` 2>&1; :; printf %s {}",
	`printf %s "$(printf %s "$(printf %s {}x)")" | head -c -1`,
	`cat <(printf %s {})`,
	`printf %s {} | cat`,
	`printf %s {} |& cat`,
	`(printf %s {})`,
	`{ printf %s {}; }`,
	`if true; then printf %s {}; else echo {}; fi`,
	`if false; then :; elif true; then printf %s {}; fi`,
	`while printf %s {}; do break; done`,
	`until printf %s {}; do :; done`,
	`for i in {}; do printf %s "$i"; done`,
	`for ((i = 0; i < 1; i++)); do printf %s {}; done`,
	`case {} in {}) printf %s {} ;; esac`,
	`case x{} in x{}) printf %s {} ;; *) echo no ;; esac`,
	`case "{}" in '{}') printf %s {} ;; *) echo no ;; esac`,
	`[[ {} == {} ]] && printf %s {}`,
	`[[ {} = "{}" && x{} != y{} && ! {} < {} ]] && printf %s {}`,
	`[[ x{} =~ ^x{}$ ]] && printf %s {}`,
	`[[ -n {} || -z {} ]] && printf %s {}`,
	`[ {} = {} ] && printf %s {}`,
	`test {} = {} && printf %s {}`,
	`time printf %s {} 2>/dev/null`,
	`! printf %s {}`,
	`v={}; printf %s "${v#{}}{}"`,
	`v={}; printf %s "${v%%{}}"{}`,
	`v={}x; printf %s "${v%x}"`,
	`v=Q; printf %s "${v/Q/{}}"`,
	`v=Q; x=${v/Q/{}}; printf %s "$x"`,
	`v=aQc; x="${v/Q/{}}"; x=${x#a}; printf %s "${x%c}"`,
	`v=a{}c; x=${v//{}/Q}; printf %s {}`,
	`eval printf %s {:q}`,
	`eval 'printf %s {:q}'`,
	`sh -c 'printf %s "$1"' sh {}`,
	`sh -c 'printf %s {:q}'`,
	`sh -c "printf %s {:q}"`,
	`bash -c 'x={:q}; printf %s "$x"'`,
	`bash -ec 'for i in {:q}; do printf %s "$i"; done'`,
	`env A=1 nice sh -c 'printf %s "$1"' sh {}`,
	`f={}; : $(( $(: "$f") + 1 )); printf %s "$f"`,
	`f={}; n=$(wc -c <<<"$f"); : $((n + 1)); printf %s "$f"`,
	`n=$(wc -c <<<{}); : $((n + 1)); printf %s {}`,
	`printf %s {} && true`,
	`false || printf %s {}`,
	`set -u; printf %s {}`,
	`declare -A a; a[x{}]=1; for k in "${!a[@]}"; do printf %s "${k#x}"; done`,
	`declare -A a=([x{}]=1); for k in "${!a[@]}"; do printf %s "${k#x}"; done`,
	`declare -A a; x={}; a[x$x]=$x; printf %s "${a[x{}]}"`,
	`f() { local -A a; a["x{}"]={}; printf %s "${a["x"{}]}"; }; f`,
	`set -e; printf %s {}; exit 0`,
}

// line are scripts that print the item and a newline.
var line = []string{
	"cat <<<{}", "cat <<<\"{}\"", "cat <<< '{}'",
	"cat <<E\n{}\nE", "cat <<'E'\n{}\nE", "cat <<\"E\"\n{}\nE", "cat <<\\E\n{}\nE", "cat <<-E\n\t{}\n\tE", "cat <<-'E'\n\t{}\n\tE",
	"cat <<'EOF' | cat\n{}\nEOF", "x=$(cat <<'E'\n{}.\nE\n); printf '%s\\n' \"${x%.}\"", "cat <<E\n${u:-{}}\nE",
	"cat <<E\n$(printf '%s.' {} | head -c -1)\nE\n: {}; exit 0",
	"if :; then\n\tcat <<-'E'\n\t{}\n\tE\nfi", "cat <<'E' >out; cat out\n{}\nE", "f() {\ncat <<'E'\n{}\nE\n}; f",
}

type confirmCase struct {
	t    *Script
	text string
	item string
	want string
}

func TestConfirm(t *testing.T) {
	testkit.Slow(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to confirm with")
	}
	var cases []confirmCase
	add := func(text, after string) {
		tt, err := compile(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			return
		}
		for _, item := range hostile {
			if strings.HasPrefix(text, "cat <<E\n$(") && strings.HasSuffix(item, "\n") {
				continue // $(…) itself drops newlines at the end
			}
			cases = append(cases, confirmCase{tt, text, item, item + after})
		}
	}
	for _, s := range same {
		add(s, "")
	}
	for _, s := range line {
		add(s, "\n")
	}
	confirm(t, bash, cases)
}

func confirm(t *testing.T, bash string, cases []confirmCase) {
	feed := make(chan confirmCase)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		wg.Go(func() {
			for c := range feed {
				confirmOne(t, bash, dir, c)
			}
		})
	}
	for _, c := range cases {
		feed <- c
	}
	close(feed)
	wg.Wait()
}

func confirmOne(t *testing.T, bash, dir string, c confirmCase) {
	j := job.Job{Index: 1, Slot: 1, Items: []job.Item{{Fields: []string{c.item}}}}
	script, params, err := c.t.shell(j)
	if err != nil {
		t.Errorf("%q item %q: %v", c.text, c.item, err)
		return
	}
	cmd := exec.Command(bash, append([]string{"-c", script, "bash"}, params...)...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	if out.String() != c.want {
		t.Errorf("%q item %q: got %q, want %q; ran %q; %s", c.text, c.item, out.String(), c.want, script, errs.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "CANARY")); err == nil {
		t.Errorf("%q item %q: code was run; script %q", c.text, c.item, script)
		_ = os.Remove(filepath.Join(dir, "CANARY"))
	}
}
