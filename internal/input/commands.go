package input

import (
	"io"
	"strings"
)

// commands are values that are commands. It leaves out those of nothing but blank lines and comments, and joins lines
// as a shell does.
type commands struct {
	values
	joins bool // a line that ends in a backslash goes on in the next one
}

// commands makes commands of the values of a file, or of arguments.
func (s Spec) commands(v values, file bool) commands {
	return commands{v, file && strings.HasSuffix(s.Delimiter, newline)}
}

func (c commands) next() (string, error) {
	for {
		s, err := c.values.next()
		switch {
		case err != nil:
			return "", err
		case idle(s):
		case c.joins && goesOn(s):
			return c.joined(s)
		default:
			return s, nil
		}
	}
}

// joined returns a line with those in which it goes on. The backslashes and newlines stay, for the shell.
func (c commands) joined(line string) (string, error) {
	var all strings.Builder
	for {
		all.WriteString(line)
		if !goesOn(line) {
			return all.String(), nil
		}
		next, err := c.values.next()
		if err == io.EOF {
			return all.String(), nil
		}
		if err != nil {
			return "", err // half a command may do what the whole would not
		}
		all.WriteString(newline)
		line = next
	}
}

// idle reports whether a shell would do nothing: each line is blank, or a comment.
func idle(command string) bool {
	for line := range strings.SplitSeq(command, newline) {
		if line = strings.Trim(line, " \t\r"); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// goesOn reports whether a line ends in a backslash that no other backslash quotes.
func goesOn(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}
