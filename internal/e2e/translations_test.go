package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// TestTranslations runs both sides of the table in docs/coming-from.md. Both must print the same lines.
func TestTranslations(t *testing.T) {
	testkit.Slow(t)
	text, err := os.ReadFile("docs/coming-from.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| you write | with fanout |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 20 {
		t.Errorf("only %d translations", len(rows))
	}
	for _, row := range rows {
		sides := strings.Split(strings.ReplaceAll(strings.Trim(row, "| "), `\|`, "\x00"), " | ")
		if len(sides) != 2 {
			t.Fatalf("%s: %d cells", row, len(sides))
		}
		for i, side := range sides {
			sides[i] = strings.ReplaceAll(strings.Trim(side, "`"), "\x00", "|")
		}
		t.Run(sides[0], func(t *testing.T) {
			t.Parallel()
			testkit.NeedsOf(t, sides[0]+"\n"+sides[1])
			theirs, ours := printed(t, sides[0]), printed(t, sides[1])
			if !slices.Equal(theirs, ours) || len(theirs) == 0 {
				t.Errorf("%s\nprints %q, and\n%s\nprints %q", sides[0], theirs, sides[1], ours)
			}
		})
	}
}

// printed returns the lines that a command prints in a directory with some files, sorted.
func printed(t *testing.T, command string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/demo")); err != nil {
		t.Fatal(err)
	}
	c := testkit.Command(t, "bash", "-c", `seq 5 > list; printf 'echo a | tr a b\necho c\n' > jobs; printf 'a 1\nb 2\n' > pairs; printf 'a,b\n1,"x y"\n' > rows.csv; `+command)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir, "PARALLEL_HOME="+dir)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatalf("%s: %v", command, err)
	}
	if strings.Contains(errs.String(), "Text::CSV") {
		t.Skip("parallel lacks a module of perl: Debian has it in libtext-csv-perl")
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return lines
}
