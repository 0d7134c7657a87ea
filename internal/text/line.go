package text

import (
	"fmt"
	"io"
)

// Prefix begins each line that fanout prints about itself.
const Prefix = "fanout: "

// Line writes a line of fanout's own. A failure is not reported: there is nobody to tell.
func Line(w io.Writer, format string, args ...any) {
	io.WriteString(w, Sprint(format, args...))
}

// Sprint returns the line that Line writes. It shows errors as [Error] does, and keeps text with newlines on one line.
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

// ErrorLines writes a line for each error that was joined to err by errors.Join.
func ErrorLines(w io.Writer, err error) {
	var b []byte
	for _, line := range Errors(err) {
		b = append(b, Prefix+line+"\n"...)
	}
	w.Write(b)
}
