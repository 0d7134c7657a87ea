package sink

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Annotate writes a failure for each job that Summary tells of as GitHub Actions reads it in
// the log of a step: it is shown with the run.
func (s *Summary) Annotate(w io.Writer) error {
	var b bytes.Buffer
	for _, ev := range s.failures {
		text := append([]string{text.Printable(ev.Status.String(), lineMax)}, text.LastLines(string(ev.Tail), tailLines)...)
		fmt.Fprintf(&b, "::error title=%s::%s\n", property(Describe(ev.Job)), message(strings.Join(text, "\n")))
	}
	_, err := b.WriteTo(w)
	return err
}

// Folded writes what a job has printed as a group that GitHub Actions folds. Both of its
// outputs are in it, since the order of two files is not kept there.
func Folded(d *job.Finished, out [2]Printed, w *File) error {
	title := Describe(d.Job)
	if !d.Status.OK() {
		title += ": " + text.Printable(d.Status.String(), lineMax)
	}
	if _, err := fmt.Fprintf(w, "::group::%s\n", message(title)); err != nil {
		return err
	}
	for _, p := range out {
		last := lastByte{w: w, last: '\n'}
		if err := copyPrinted(&last, p); err != nil {
			return err
		}
		if last.last != '\n' {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, "::endgroup::\n")
	return err
}

// lastByte knows how what was written ended.
type lastByte struct {
	w    io.Writer
	last byte
}

func (l *lastByte) Write(p []byte) (int, error) {
	if len(p) > 0 {
		l.last = p[len(p)-1]
	}
	return l.w.Write(p)
}

// message and property are text in the places of such a command.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
