package text

import (
	"fmt"
	"io"
)

// Prefix is how all lines of fanout's own begin.
const Prefix = "fanout: "

// Line writes a line of fanout's own. Where it cannot be written, there is nobody to tell.
func Line(w io.Writer, format string, args ...any) {
	io.WriteString(w, Sprint(format, args...))
}

// Sprint is the line that Line writes. Errors are shown as Error has them, and a line that
// holds newlines stays one.
func Sprint(format string, args ...any) string {
	shown := make([]any, len(args))
	for i, a := range args {
		if err, ok := a.(error); ok {
			a = Error(err)
		}
		shown[i] = a
	}
	return Prefix + Plain(fmt.Sprintf(format, shown...)) + "\n"
}

// ErrorLines writes a line for each of the errors that were joined to one.
func ErrorLines(w io.Writer, err error) {
	var b []byte
	for _, line := range Errors(err) {
		b = append(b, Prefix+line+"\n"...)
	}
	w.Write(b)
}
