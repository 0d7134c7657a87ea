package plan

import (
	"strings"
	"testing"

	"fanout/internal/collect"
	"fanout/internal/input"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plan  Plan
		wrong string // in the message; "" is no error
	}{
		{"nothing special", Plan{}, ""},
		{"in order", Plan{Collect: collect.Spec{KeepOrder: true}}, ""},
		{"lines in order", Plan{Collect: collect.Spec{Mode: collect.Line, KeepOrder: true, Tag: true}}, ""},
		{"raw", Plan{Collect: collect.Spec{Mode: collect.Raw}}, ""},
		{"none", Plan{Collect: collect.Spec{Mode: collect.None, KeepOrder: true}}, ""},
		{"standard input twice", Plan{Input: input.Spec{Sources: []input.Source{{Path: "-", IsFile: true}, {Path: "-", IsFile: true}}}}, "twice"},
		{"a file without a name", Plan{Input: input.Spec{Sources: []input.Source{{IsFile: true}}}}, "empty"},
	} {
		if tt.plan.Input.Delimiter == "" {
			tt.plan.Input.Delimiter = "\n"
		}
		err := tt.plan.Check()
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
