//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fanout/internal/testkit"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema reads a JSON Schema of docs/.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fanout runs fanout to its end and returns its output. Failed jobs are not an error.
func fanout(t *testing.T, dir, stdin string, args ...string) (out string) {
	t.Helper()
	c := testkit.Command(t, "fanout", args...)
	c.Dir, c.Stdin = dir, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := c.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 123) {
		t.Fatalf("%q: %v, %s", args, err, &stderr)
	}
	return stdout.String()
}

// valid checks each line against the schema, and returns the number of lines.
func valid(t *testing.T, s *jsonschema.Schema, text string) (lines int) {
	t.Helper()
	for line := range strings.Lines(text) {
		lines++
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err == nil {
			err = s.Validate(v)
		}
		if err != nil {
			t.Errorf("%.300s\n%v", line, err)
		}
	}
	return lines
}

// TestRecordsAreValid checks the records of jobs of every kind against the schema.
func TestRecordsAreValid(t *testing.T) {
	s := schema(t, "record.schema.json")
	for _, tt := range []struct {
		args  []string
		lines int // 0: any
	}{
		{[]string{"-k", "exit 3; {}"}, 3},
		{[]string{"kill -9 $$; {}"}, 3},
		{[]string{"-t", "0.1", "sleep 100; {}"}, 3},
		{[]string{"{}"}, 3},
		{[]string{"-j1", "-e=soon", "exit 3; {}"}, 1},
		{[]string{"-j3", "-e", "[ {} = b ] && exit 3; sleep 100"}, 0},
		{[]string{"-n", "2", `printf '\377'; echo {}`}, 2},
		{[]string{"--json-limit", "3", "echo {} long enough; echo {} long enough >&2"}, 3},
		{[]string{"--output", "none", "echo {}"}, 3},
		{[]string{"--mode", "process", "-r", "1", "exit 3; {}"}, 3},
		{[]string{"--mode", "process", `kill -9 $PPID; sleep 100; echo {}`}, 3},
		{[]string{"--persistent", `read x; echo "$x"; exit 3`}, 3},
		{[]string{"--memory-limit", "50M", "tail /dev/zero; {}"}, 3},
	} {
		items := []string{":::", "a", "b", "1"}
		args := append([]string{"--json"}, tt.args...)
		if out := fanout(t, t.TempDir(), "", append(args, items...)...); !counts(valid(t, s, out), tt.lines) {
			t.Errorf("%q prints %q, want %d lines", tt.args, out, tt.lines)
		}
	}
}

func counts(got, want int) bool { return got == want || want == 0 && got > 0 }

// bytesOf decodes a JSON value that holds any bytes.
func bytesOf(t *testing.T, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return s
	}
	coded, _ := v.(map[string]any)["base64"].(string)
	b, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// TestRecordsHoldHostileItems: --json, --results and --journal show hostile items byte for byte.
func TestRecordsHoldHostileItems(t *testing.T) {
	items := testkit.HostileItems(t, "testdata/items.txt")
	stdin := strings.Join(items, "\x00") + "\x00"
	s := schema(t, "record.schema.json")
	lines := schema(t, "journal.schema.json")
	for _, mode := range [][]string{{}, {"--mode", "process"}} {
		dir := t.TempDir()
		args := append(mode, "-0", "-k", "--json", "--journal", "journal", "--results", "results", `printf %s {}; printf %s {} >&2; [ -z "$(printf %s {} | tr -cd x)" ]`)
		out := fanout(t, dir, stdin, args...)
		if n := valid(t, s, out); n != len(items) {
			t.Errorf("%d lines for %d items", n, len(items))
		}
		journal, err := os.ReadFile(filepath.Join(dir, "journal"))
		if err != nil {
			t.Fatal(err)
		}
		valid(t, lines, string(journal))
		_, journaled, _ := strings.Cut(string(journal), "\n") // after the header
		objects, entries := strings.Split(out, "\n"), strings.Split(journaled, "\n")
		for i, item := range items {
			var v, k, meta map[string]any
			number := strconv.Itoa(i + 1)
			name := filepath.Join(dir, "results", "000000", number)
			text, _ := os.ReadFile(filepath.Join(name, "meta.json"))
			if err := errors.Join(json.Unmarshal([]byte(objects[i]), &v), json.Unmarshal([]byte(entries[i]), &k), json.Unmarshal(text, &meta)); err != nil {
				t.Fatalf("%q: %v", item, err)
			}
			valid(t, s, string(text))
			for _, r := range []map[string]any{v, k, meta} {
				if got := bytesOf(t, r["items"].([]any)[0]); got != item || r["seq"].(float64) != float64(i+1) || r["ok"] == strings.Contains(item, "x") {
					t.Errorf("item %q is recorded as %q: %v", item, got, r)
				}
			}
			for _, stream := range []string{"stdout", "stderr"} {
				plain, isText := v[stream]
				if !isText {
					plain = map[string]any{"base64": v[stream+"_base64"]}
				}
				file, err := os.ReadFile(filepath.Join(name, stream))
				if got := bytesOf(t, plain); got != item || err != nil || string(file) != item {
					t.Errorf("%q is printed as %q and kept as %q, %v", item, got, file, err)
				}
			}
			if failed := strings.Contains(item, "x"); failed && bytesOf(t, k["stderr"]) != item {
				t.Errorf("%q: the journal has the standard error %v", item, k["stderr"])
			}
		}
		again := append(args[:len(args)-1:len(args)-1], "--resume", args[len(args)-1])
		out = fanout(t, dir, stdin, again...)
		for line := range strings.Lines(out) {
			if !strings.Contains(line, `"ok":false`) {
				t.Errorf("%s had succeeded, and ran again", line)
			}
		}
	}
}
