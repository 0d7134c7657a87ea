package template

import (
	"fmt"
	"strings"

	"fanout/internal/job"
	"fanout/internal/template/words"
	"fanout/internal/text"
)

// Display returns the command of a job, quoted so that it can be pasted into bash. It is one line. If the
// job's items cannot be arguments, it is a comment that says why.
func (t *Template) Display(j job.Job, shell string) string {
	var s string
	var err error
	if t.plan != nil {
		s, err = t.plan.Display(j)
	} else {
		s, err = t.displayShell(j, shell)
	}
	if err != nil {
		return "# " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	if pieces := t.Stdin(j); pieces != nil {
		if t.plan != nil && len(t.plan.Steps) > 1 {
			s = "{ " + s + "; }"
		}
		return "printf " + printfFormat(pieces) + " | " + s
	}
	return s
}

// printfFormat returns a format with which printf prints the pieces. They may contain NUL bytes, which its
// arguments may not.
func printfFormat(pieces []string) string {
	var b strings.Builder
	for _, piece := range pieces {
		for i := range len(piece) {
			switch c := piece[i]; {
			case c == '%':
				b.WriteString("%%")
			case c == '\\':
				b.WriteString(`\\`)
			case c == '\n':
				b.WriteString(`\n`)
			case c < ' ' || c >= 0x7f:
				fmt.Fprintf(&b, `\%03o`, c)
			default:
				b.WriteByte(c)
			}
		}
	}
	return "-- " + words.QuotePOSIX(b.String())
}

// displayShell returns the command that runs the script in a shell.
func (t *Template) displayShell(j job.Job, shell string) (string, error) {
	script, params, err := t.Shell(j)
	if err != nil {
		return "", err
	}
	if shell == "" {
		shell = "bash"
	}
	shown := []string{text.ShellWord(shell), "-c", text.ShellWord(script)}
	for _, p := range append([]string{shell[strings.LastIndexByte(shell, '/')+1:]}, params...) {
		shown = append(shown, text.ShellWord(p))
	}
	return strings.Join(shown, " "), nil
}
