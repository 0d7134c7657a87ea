package flow_test

import (
	"strings"
	"testing"

	"fanout/internal/template/words"
)

// TestForms holds that placeholders that cut or replace are as safe as {}: in their place, each script gets the same
// verdict.
func TestForms(t *testing.T) {
	alike, apart := 0, 0
	for _, file := range []string{"harmful.txt", "harmless.txt", "warned.txt"} {
		for _, e := range entries(t, file) {
			if e.scope.Sources > 0 || e.scope.Rows != nil || !strings.Contains(e.text, "{}") || strings.Contains(e.text, "{{}}") {
				continue
			}
			want := judge(&words.Scope{}, e.text)
			for _, form := range []string{"{%.gz}", "{#a}", "{/old/new}", "{..}", "{+.}", "{-1}"} {
				text := strings.ReplaceAll(e.text, "{}", form)
				if placeholders(t, text) != placeholders(t, e.text) { // such as behind #
					apart++
					continue
				}
				alike++
				if got := judge(&words.Scope{}, text); got.refused != want.refused || got.warned != want.warned {
					t.Errorf("%s: %s: refused %v, warned %v; with {} %v, %v\n%s", e.where, form, got.refused, got.warned, want.refused, want.warned, text)
				}
			}
		}
	}
	if apart*20 > alike {
		t.Errorf("%d scripts are alike, but %d are not compared", alike, apart)
	}
}

// placeholders counts those of a script.
func placeholders(t *testing.T, text string) int {
	t.Helper()
	toks, err := (&words.Scope{}).Scan(text, true)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return len(toks)
}
