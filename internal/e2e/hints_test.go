package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fanout/internal/hint"
	"fanout/internal/testkit"
)

// asTyped runs a command line in bash, in a directory with a few files.
func asTyped(t *testing.T, line string, quiet bool) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", line)
	c.Dir = t.TempDir()
	for name, text := range map[string]string{"list": "a\nb\n", "rows.csv": "a,b\n1,2\n", "crlf.csv": "a,b\r\n1,2\r\n", "script.py": ""} {
		if err := os.WriteFile(c.Dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+c.Dir)
	if quiet {
		c.Env = append(c.Env, "FANOUT_QUIET=true")
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// TestHints checks each hint of the table. fanout gives it once, omits it with --quiet, and does the same work with and
// without it. Hints that are part of an error stay.
func TestHints(t *testing.T) {
	ofErrors := []hint.Kind{hint.Quote, hint.LateFlag, hint.Items, hint.Subcommand, hint.Behind, hint.Nulls, hint.Foreign}
	for k := range hint.Kinds {
		if k.Typed() == "" {
			continue // TestTyping
		}
		t.Run(strings.TrimPrefix(k.Typed(), "fanout "), func(t *testing.T) {
			testkit.NeedsOf(t, k.Typed())
			text := regexp.MustCompile(`%[qs]`).ReplaceAllString(regexp.QuoteMeta(k.Text()), `.+`)
			line := regexp.MustCompile(`(?m)^fanout: .*` + text + `.*$`)
			stdout, stderr, code := asTyped(t, k.Typed(), false)
			if n := len(line.FindAllString(stderr, -1)); n != 1 {
				t.Errorf("the hint appears %d times in %q, want %s", n, stderr, line)
			}
			quietOut, quietErr, quietCode := asTyped(t, k.Typed(), true)
			if quietOut != stdout || quietCode != code {
				t.Errorf("%q and exit code %d, and without the hint %q and %d", stdout, code, quietOut, quietCode)
			}
			if !slices.Contains(ofErrors, k) && quietErr != "" {
				t.Errorf("-q: %q", quietErr)
			}
		})
	}
}

// TestNoHints: ordinary command lines get no hint.
func TestNoHints(t *testing.T) {
	for _, line := range []string{
		`fanout echo < /dev/null`,
		`fanout echo < list`,
		`: | fanout wc -l list`,
		`: | fanout python3 script.py`,
		`fanout -a /dev/null wc -l list < /dev/null`,
		`fanout wc -l list ::: < /dev/null`,
		`fanout wc -l ::: list rows.csv`,
		`fanout --csv 'echo {a}' < rows.csv`,
		`fanout --csv 'echo {a}' < crlf.csv`,
		`printf 'a b\r\nc d\r\n' | fanout --colsep ' ' 'echo {2}'`,
		`printf 'a\r\nb\r\n' | fanout -d '\r\n' echo`,
		`printf 'a\rb\nc\n' | fanout echo`,
		`printf 'a\0b\0' | fanout -0 echo`,
		`printf '\xff\xfe\n' | fanout echo`,
		`printf 'a\0b\n' | fanout --pipe cat`,
		`fanout echo ::: -x --yes -- a`,
		`fanout echo ::: 1 -1 -0`,
		`fanout echo -j4 --dry-run ::: a`,
		`fanout echo a::b ::1 ::: ::1 ::`,
		`fanout 'A={}; echo "$A"' ::: a`,
		`fanout env A={} true ::: a`,
		`fanout '[' {} = a ']' ::: a`,
		`fanout -e true ::: a`,
		`fanout -k 'echo {1..3} {a,b} ${HOME:+x} {}' ::: a`,
		`fanout -n max echo ::: a b c`,
		`fanout --link echo ::: a b ::: 1 2`,
		`fanout --dry-run "awk '{print}' {}" ::: a`,
		`fanout --dry-run "jq '{a: .b}' {}" ::: a`,
		`fanout --dry-run "python3 -c 'print(\"{:5}\".format(1))' {}" ::: a`,
		`fanout --dry-run "curl -w '%{http_code}' {}" ::: a`,
		`fanout --jsonl 'echo {a}' ::: '{"a": {"b": 1}}'`,
		`seq 3 | fanout --persistent cat`,
		`seq 3 | fanout --pipe cat`,
		`seq 3 | fanout -j+1 echo`,
		`fanout --journal j echo ::: a && fanout --journal j --resume echo ::: a 2> /dev/null`,
	} {
		if !strings.Contains(line, "--dry-run") && testkit.Lacks(t, line) {
			continue
		}
		if _, stderr, code := asTyped(t, line, false); stderr != "" || code != 0 {
			t.Errorf("%s: exit code %d, %q", line, code, stderr)
		}
	}
}
