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

// TestSameWords runs command lines that fanout takes as they are, in the words of another tool. Both must print the same
// lines.
func TestSameWords(t *testing.T) {
	for _, line := range []string{
		`seq 3 | xargs -P2 --max-args 1 echo`,
		`seq 3 | xargs -I{} --max-procs=2 echo a{}b`,
		`seq 3 | xargs --replace={} -P 2 echo {}`,
		`printf 'a b\0c\0' | xargs --null -n1 -P2 echo`,
		`xargs --arg-file list --no-run-if-empty -x -n1 echo`,
		`xargs -n1 --no-run-if-empty echo < /dev/null; echo end`,
		`parallel --jobs 2 --keep-order --will-cite --gnu echo ::: a b`,
		`parallel --jobs 200% --silent --group echo ::: a b`,
		`parallel -P 2 -N2 echo {2}-{1} ::: a b c d`,
		`parallel --max-replace-args 2 echo ::: a b c d`,
		`parallel -j2 -X echo ::: a b c d`,
		`parallel -j1 --xargs echo ::: a b c d`,
		`parallel --lb 'echo {}; echo {}' ::: a b`,
		`parallel -u /bin/echo ::: a b`,
		`parallel --dryrun echo ::: a b`,
		`parallel --bar --eta echo ::: a b`,
		`parallel --xapply echo {1}-{2} ::: a b c ::: 1 2`,
		`parallel --arg-file list --filter-hosts echo`,
		`parallel --header : --col-sep , echo {a} :::: rows.csv`,
		`parallel --halt now,fail=1 -j1 'echo {}; false' ::: a b c`,
		`parallel --halt soon,fail=1 -j1 'echo {}; false' ::: a b c`,
		`parallel --halt 2 -j1 'echo {}; [ {} = a ]' ::: a b c`,
		`parallel --halt 1 -j1 'echo {}; [ {} = a ]' ::: a b c`,
		`parallel --halt never -j1 'echo {}; false' ::: a b c`,
		`parallel --halt now,fail=2 -j1 'echo {}; false' ::: a b c`,
		`parallel --halt soon,fail=2 -j1 'echo {}; false' ::: a b c`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			testkit.NeedsOf(t, line)
			ours := strings.NewReplacer("xargs -", "fanout -", "parallel -", "fanout -").Replace(line)
			if want, got := printed(t, line), printed(t, ours); !slices.Equal(want, got) {
				t.Errorf("%s\nprints %q, and\n%s\nprints %q", line, want, ours, got)
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
