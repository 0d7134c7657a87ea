package script

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fanout/internal/job"
	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// FuzzCompile holds that Compile never panics, that what it accepts is bash
// before and after splicing, and that no item is in the text that a shell gets.
func FuzzCompile(f *testing.F) {
	for _, s := range append(append([]string{}, same...), line...) {
		f.Add(s, 1)
	}
	for i, s := range risky {
		f.Add(s, i%4)
	}
	f.Fuzz(func(t *testing.T, text string, batch int) {
		const canary = "<CANARY>"
		batch = max(-1, batch%5)
		defer time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("%q takes for ever", text)) }).Stop()
		tt, err := given{text: text, batch: batch}.compile()
		if err != nil || strings.Contains(text, canary) {
			return
		}
		j := job.Job{Index: 1, Slot: 1, Items: items(canary)}
		if batch > 1 {
			j.Items = items(canary, canary+"2")
		}
		_ = tt.Sizes()
		if tt.Plan != nil {
			_, _ = tt.Plan.Display(j)
			for _, s := range tt.Plan.Steps {
				for _, c := range s.Pipeline {
					if _, err := c.Argv(nil, j); err != nil {
						t.Errorf("%q: %v", text, err)
					}
				}
			}
		}
		if tt.integers != nil {
			j.Items = items("12345")
		}
		if got := tt.source(); tt.pieces != nil && got != text && !strings.Contains(text, "<<") {
			t.Errorf("%q became %q", text, got)
		}
		script, params, err := tt.shell(j)
		if err != nil {
			return
		}
		if strings.Contains(script, canary) {
			t.Errorf("%q: the item is in the script %q", text, script)
		}
		if _, err := parseScript(script, false); err != nil {
			t.Errorf("%q: became %q: %v", text, script, err)
		}
		if strings.Contains(script, tt.standIns.Prefix+"s") || strings.Contains(script, tt.standIns.Prefix+"w") {
			t.Errorf("%q: a stand-in was left in %q", text, script)
		}
		if len(params) > 0 && len(tt.occs) == 0 {
			t.Errorf("%q: parameters %q without placeholders", text, params)
		}
	})
}

// FuzzTokens holds that tokens are in order and within the text, and that the text around them is kept.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"{}", "{{}}", "{.}{/}", "${}", "$${}", "\\{}", "{1}", "{name.}", "{{name}}", "{{{}}}", "{:q}", "{1/.:q}", "{", "}{", "{}}", "{..}{+.}", "{%.gz}", "{#a}", `{/a\/b/c}`, "{-1}", "{{#a}}{{/a}}", "$${..}", "{##}{%0}"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, script bool) {
		scope := words.Scope{Rows: &words.Rows{Names: []string{"name", "a.b", ".", "1"}}}
		toks, err := scope.Scan(text, script)
		if err != nil {
			return
		}
		at := 0
		for _, tok := range toks {
			if tok.Start < at || tok.End <= tok.Start || tok.End > len(text) || text[tok.Start] != '{' || text[tok.End-1] != '}' {
				t.Fatalf("%q: token %d to %d", text, tok.Start, tok.End)
			}
			at = tok.End
		}
		n := flow.NewStandIns(text)
		raw := n.Substitute(text, toks, 0)
		if got := n.Tokens(raw); len(got) != len(toks) {
			t.Fatalf("%q: found %v in %q", text, got, raw)
		}
		var b strings.Builder
		n.Split(raw, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) { b.WriteString(toks[id].Source) })
		if b.String() != text {
			t.Fatalf("%q became %q", text, b.String())
		}
	})
}
