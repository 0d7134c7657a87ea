package flow_test

import (
	"slices"
	"strings"
	"testing"

	facts "fanout/internal/template/flow"
)

// TestHarmless holds that ordinary scripts are accepted: a check that cries at them is turned off by its users.
// One warning in a hundred scripts is bearable, a refusal is not.
func TestHarmless(t *testing.T) {
	all := entries(t, "harmless.txt")
	refused := 0
	var warned []string
	for _, e := range all {
		t.Run(e.where, func(t *testing.T) {
			j := judge(&e.scope, e.text)
			switch {
			case j.refused:
				refused++
				t.Errorf("refused: %s\n%s", strings.Join(j.messages, "\n"), e.text)
				return
			case j.warned:
				warned = append(warned, e.where+": "+strings.Join(j.messages, "; "))
			}
			_, _, err := j.run("q q")
			switch {
			case e.kind == "ok" && err != nil:
				t.Errorf("takes not every item: %v\n%s", err, e.text)
			case e.kind == "integer" && err == nil:
				t.Errorf("takes items that are no integers\n%s", e.text)
			}
			if _, _, err := j.run("3"); err != nil {
				t.Errorf("does not take an integer: %v\n%s", err, e.text)
			}
		})
	}
	t.Logf("%d scripts: %d refused, %d with a warning", len(all), refused, len(warned))
	if len(warned)*100 > len(all) {
		t.Errorf("more than 1 %% of the harmless scripts have a warning:\n%s", strings.Join(warned, "\n"))
	}
}

// TestWarned holds that a warning stays a warning.
func TestWarned(t *testing.T) {
	for _, e := range entries(t, "warned.txt") {
		t.Run(e.where, func(t *testing.T) {
			switch j := judge(&e.scope, e.text); {
			case j.refused:
				t.Errorf("refused: %s\n%s", strings.Join(j.messages, "\n"), e.text)
			case !j.warned:
				t.Errorf("no warning\n%s", e.text)
			}
		})
	}
}

// TestHarmful holds that no item becomes code without a word: the script is refused, or the item, or there is a
// warning.
func TestHarmful(t *testing.T) {
	all := entries(t, "harmful.txt")
	accepted := 0
	for _, e := range all {
		t.Run(e.where, func(t *testing.T) {
			j := judge(&e.scope, e.text)
			if j.refused || j.warned {
				return
			}
			if _, _, err := j.run(e.item); err == nil {
				accepted++
				t.Errorf("accepted, and runs the item %q\n%s", e.item, e.text)
			}
		})
	}
	t.Logf("%d scripts: %d accepted", len(all), accepted)
}

// TestByFile tells how many scripts are refused beyond the guarantee.
func TestByFile(t *testing.T) {
	all := entries(t, "byfile.txt")
	refused := 0
	for _, e := range all {
		if j := judge(&e.scope, e.text); j.refused || j.warned {
			refused++
		}
	}
	t.Logf("%d scripts that go through files: %d refused or warned of", len(all), refused)
}

// TestFacts holds what fanout believes of programs: each line of programs.txt is used in a script whose verdict depends
// on it.
func TestFacts(t *testing.T) {
	var named strings.Builder
	for _, e := range entries(t, "facts.txt") {
		text := e.text
		if i := strings.Index(text, "\n\n# "); i >= 0 { // a heading
			text = text[:i]
		}
		text = strings.TrimRight(text, "\n")
		named.WriteString(" " + text + "\n")
		t.Run(e.where, func(t *testing.T) {
			got, j := "ok", judge(&e.scope, text)
			switch {
			case j.refused:
				got = "refuse"
			case j.warned:
				got = "warn"
			default:
				if _, _, err := j.run("q q"); err != nil {
					got = "refuse"
				}
			}
			if got != e.kind {
				t.Errorf("%s, want %s: %s\n%s", got, e.kind, text, strings.Join(j.messages, "\n"))
			}
		})
	}
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(named.String(), func(r rune) bool { return strings.ContainsRune(" \t\n;|&()<>\"'`$={}", r) }) {
		words[w] = true
	}
	known := strings.ReplaceAll(facts.Known(), "\n ", " ") // the lines that go on
	for line := range strings.Lines(known) {
		head, _, _ := strings.Cut(line, ":")
		names := strings.Fields(head)
		if line[0] == '#' || len(names) == 0 {
			continue
		}
		used := slices.ContainsFunc(names, func(name string) bool {
			program, sub, has := strings.Cut(name, "/")
			return words[program] && (!has || words[sub])
		})
		if !used {
			t.Errorf("no script uses the line of %s", names[0])
		}
	}
}
