package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// TestDocs runs every example of the README and of docs/. In blocks marked "console", lines that begin with "$ " are
// commands for bash, run in a copy of testdata/demo. The lines below are their output, stdout and stderr.
func TestDocs(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, page := range append(pages, "README.md") {
		for _, ex := range readExamples(t, page, "console") {
			examples++
			t.Run(filepath.Base(page)+"/"+ex.commands[0], func(t *testing.T) {
				t.Parallel()
				ex.check(t)
			})
		}
	}
	if examples < 10 {
		t.Errorf("only %d examples found: are the blocks still marked console?", examples)
	}
}

// example is one block: its commands, and the output of each.
type example struct {
	commands, outputs []string
}

// readExamples returns the blocks of a page with this info string.
func readExamples(t *testing.T, page, info string) []example {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for i, block := range strings.Split(string(text), "```"+info+"\n") {
		if i == 0 {
			continue
		}
		body, _, _ := strings.Cut(block, "```")
		var ex example
		for line := range strings.Lines(body) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				ex.commands = append(ex.commands, strings.TrimSuffix(command, "\n"))
				ex.outputs = append(ex.outputs, "")
				continue
			}
			ex.outputs[len(ex.outputs)-1] += line
		}
		all = append(all, ex)
	}
	return all
}

// check runs the block in one shell, so that a command sees the status of the one before.
func (ex example) check(t *testing.T) {
	testkit.NeedsOf(t, strings.Join(ex.commands, "\n"))
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/demo")); err != nil {
		t.Fatal(err)
	}
	const separator = "=== next example ==="
	script := "status=0\n"
	for _, c := range ex.commands {
		script += "(exit $status)\n" + c + "\nstatus=$?\necho '" + separator + "'\n"
	}
	cmd := testkit.Command(t, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Split(string(out), separator+"\n")
	for i, want := range ex.outputs {
		if got[i] != want {
			t.Errorf("$ %s\ngot:\n%swant:\n%s", ex.commands[i], got[i], want)
		}
	}
}
