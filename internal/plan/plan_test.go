package plan

import (
	"strings"
	"testing"

	"fanout/internal/input"
	"fanout/internal/template"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plan  Plan
		wrong string // in the message; "" is no error
	}{
		{"nothing special", Plan{}, ""},
		{"persistent", Plan{Persistent: true, Template: template.Spec{Batch: 1}}, ""},
		{"a persistent program with batches", Plan{Persistent: true, Template: template.Spec{Batch: 2}}, "-n and --persistent exclude each other"},
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
