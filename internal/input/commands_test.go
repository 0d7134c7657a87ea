package input

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// TestCommands: blank lines and comments are no commands, and a line that ends in a backslash goes on in the next.
func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		delim, in string
		want      []string
	}{
		{"\n", "", nil},
		{"\n", "\n \n\t\n\r\n", nil},
		{"\n", "# a\n #b\n#\n", nil},
		{"\n", "a # b\n#c\nd", []string{"a # b", "d"}},
		{"\n", "a\na\n\na\n", []string{"a", "a", "a"}},
		{"\n", " a \n", []string{" a "}},
		{"\n", "a\r\nb\r\n", []string{"a\r", "b\r"}},
		{"\r\n", "a \\\r\n b\r\n\r\n# c\r\nd", []string{"a \\\n b", "d"}},
		{"\n", "a \\\n b \\\n c\nd", []string{"a \\\n b \\\n c", "d"}},
		{"\n", "a \\\n\nb", []string{"a \\\n", "b"}},
		{"\n", "a \\\n# b\nc", []string{"a \\\n# b", "c"}},
		{"\n", "a \\\\\nb\n", []string{"a \\\\", "b"}},
		{"\n", "a \\\\\\\nb\n", []string{"a \\\\\\\nb"}},
		{"\n", "a \\\r\nb\n", []string{"a \\\r", "b"}},
		{"\n", "# a \\\nb\n", []string{"b"}},
		{"\n", "a \\", []string{"a \\"}},
		{"\n", "\\\na\n", []string{"\\\na"}},
		{"\n", "\xff\xfe {} \x00\n", []string{"\xff\xfe {} \x00"}},
		{"\x00", "#!/bin/bash\na\n\nb\x00\n# a\n \n\x00c\\\x00d", []string{"#!/bin/bash\na\n\nb", "c\\", "d"}},
		{";", "a\\;b;;\n", []string{"a\\", "b"}},
	} {
		spec := Spec{Delimiter: tt.delim, Commands: true}
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			got, err := drain(spec.commands(newLines(r, tt.delim), true))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q by %q: %q, %v; want %q", tt.in, tt.delim, got, err, tt.want)
			}
		}
	}
}

// TestCommandsArguments: an argument is a whole command.
func TestCommandsArguments(t *testing.T) {
	got, err := drain(Spec{Delimiter: "\n"}.commands(&args{left: []string{"a \\", "b", "", "# c", "# d\ne"}}, false))
	if want := []string{"a \\", "b", "# d\ne"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// TestCommandsCutShort: where reading fails, half a command is none.
func TestCommandsCutShort(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("a\nrm -r dir \\\n"), iotest.ErrReader(broken))
	got, err := drain(Spec{Delimiter: "\n"}.commands(newLines(r, "\n"), true))
	if want := []string{"a"}; !errors.Is(err, broken) || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}
