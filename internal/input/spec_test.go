package input

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	stdin, other := Source{Path: "-", IsFile: true}, Source{Path: "f", IsFile: true}
	for _, tt := range []struct {
		name string
		spec Spec
		want string // in the error; "" for none
	}{
		{"lines", Spec{Delimiter: "\n"}, ""},
		{"NUL", Spec{Delimiter: "\x00"}, ""},
		{"no delimiter", Spec{}, "delimiter is empty"},
		{"shell", Spec{Format: Shell}, ""},
		{"shell with the default delimiter", Spec{Format: Shell, Delimiter: "\n"}, ""},
		{"stdin once", Spec{Delimiter: "\n", Sources: []Source{stdin, other, other}}, ""},
		{"stdin twice", Spec{Delimiter: "\n", Sources: []Source{stdin, other, stdin}}, "named twice"},
		{"- as an argument", Spec{Delimiter: "\n", Sources: []Source{stdin, {Args: []string{"-"}, Path: "-"}}}, ""},
		{"no name", Spec{Delimiter: "\n", Sources: []Source{{IsFile: true}}}, "name of an input file is empty"},
	} {
		err := tt.spec.Validate()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v; want an error with %q", tt.name, err, tt.want)
		}
	}
}
