package script

import (
	"math/rand"
	"os/exec"
	"strings"
	"testing"

	"fanout/internal/testkit"

	"mvdan.cc/sh/v3/syntax"
)

// fragments of scripts that the parser and bash might read differently.
var fragments = []string{
	"zz", "zy", "x=1", "#", "# c", "# c \\\n", "\\\n", "\n", ";", " ", " ", "\t", "'a b'", `"a b"`, "\"a\\\nb\"", "'", `"`, `\`, `\'`, `\"`, "$x", "${x}",
	"${x:-a}", "${x##'a'}", "${x%\"}\"}", "${x/a/'b'}", `"${x:-'a'}"`, `"${x/'}'/b}"`, "${x:-'}'}", "${#x}", "$#", "$'a\\'b'", `$"a"`, `"$'a'"`, "$(zz)",
	"$(zz # c\n)", "$(zz;)", "$((1+2))", "((x++))", "(", ")", "{", "}", "{ zz; }", "(zz)", "|", "||", "&&", "&", "|&", ">o", "<o", ">>o", "2>&1", "&>o",
	">&2", "<<<a", "<<E\na\nE\n", "<<'E'\na $x\nE\n", "<<-E\n\ta\n\tE\n", "<<\"E F\"\na\nE F\n", "<<E\\\n\na\nE\n", "<<E\na\\\nE\nE\n", "<<\\E\na\\\nE\n",
	"<<E\r\na\nE\r\n", "<<E;zz\na\nE\n", "<<E #c\na\nE\n", "<<E \\\n zz\na\nE\n", "<<E <<F\na\nE\nb\nF\n", "if zz; then zz; fi", "if", "then", "fi", "do", "done",
	"while zz; do zz; done", "for x in a b; do zz; done", "for x do zz; done", "case x in", "esac", "a)", ";;", ";&", "case x in (a|b) zz;; *) zy; esac",
	"[[ a == b ]]", "[[ a =~ (b|c)d ]]", "[[ -n a && ( b < c ) ]]", "]]", "f() { zz; }", "function g { zz; }", "f() (zz)", "x=(a b)", "x=(a # c\n b)", "x[1]=2",
	"declare x=1", "time -p zz", "! zz", "coproc n { zz; }", "for ((i=0;i<1;i++)); do zz; done", "\r", "\r\n", "\xff", "\u00a0", "\x01", "\x7f", "~", "*", "[a]",
	"!", "@(a)", "a#b", "$x#b", "'a'#b", "=", "{a,b}", "1", "3<o", "{fd}>o", ">&-", "%", "let x=1", "eval zz", "-", "$", "&>>o", ">|o", "<>o", "a\\ b", "a\\\nb",
	"${x:1:2}", "${x[@]}", "${!x}", "${x@Q}", "${x:?a b}", "${x:-$(zz)}", "${x:-{}}", "${x//\"/\"/-}", "eval", "-a",
}

// normal prints how bash reads each of two texts, with a NUL after each.
const normal = `
norm() { eval "f() { :
$1
}" 2>/dev/null </dev/null >/dev/null || { R=ERR; return; }
R=$(declare -f f); }
PATH=/nowhere
while IFS= read -r -d '' a && IFS= read -r -d '' b; do
  unset -f f; norm "$a"; A=$R; unset -f f; norm "$b"
  printf '%s\0%s\0' "$A" "$R"
done`

// TestGrammar: bash reads a script as the parser does, which finds the items in it; or else fanout knows
// that the script is misread. bash itself prints both: the script, and what the parser printed of it.
func TestGrammar(t *testing.T) {
	testkit.Slow(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to confirm with")
	}
	rnd := rand.New(rand.NewSource(1))
	pick := func(l ...string) string { return l[rnd.Intn(len(l))] }
	var in strings.Builder
	var texts []string
	for range 8_000 {
		text := pick("zz ", "zz", "", "")
		for range 1 + rnd.Intn(6) {
			text += pick(fragments...) + pick(" ", "", "", "\n", ";")
		}
		text = parsable(text)
		f, err := parseScript(text, false)
		var printed strings.Builder
		if err != nil || misread(f, text) >= 0 || syntax.NewPrinter().Print(&printed, f) != nil || strings.Count(text, "}") > strings.Count(text, "{") {
			continue // what closes the function of the test would be run
		}
		in.WriteString(text + "\x00" + printed.String() + "\x00")
		texts = append(texts, text)
	}
	cmd := exec.Command("bash", "-c", normal)
	cmd.Stdin, cmd.Dir = strings.NewReader(in.String()), t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.NewReplacer(" ", "", "\n", "", "\t", "", "\\", "", ";", "")
	read := strings.Split(string(out), "\x00")
	both := 0
	for i, text := range texts {
		ours, theirs := read[2*i+1], read[2*i]
		if theirs == "ERR" { // it has no such text to run
			continue
		}
		both++
		if flat.Replace(ours) != flat.Replace(theirs) {
			t.Errorf("%q\nbash: %q\nours: %q", text, theirs, ours)
		}
	}
	if both < 1000 {
		t.Errorf("bash takes only %d of %d scripts", both, len(texts))
	}
}
