package sink

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Annotate writes each failure that the Summary shows as GitHub Actions reads it in the log of a step: as an annotation
// of the run.
func (s *Summary) Annotate(w io.Writer) error {
	var b bytes.Buffer
	for _, ev := range s.failures {
		lines := []string{text.Printable(ev.Status.String(), lineMax)}
		lines = append(lines, text.LastLines(string(ev.Tail), tailLines)...)
		fmt.Fprintf(&b, "::error title=%s::%s\n", property(Describe(ev.Job)), message(strings.Join(lines, "\n")))
	}
	_, err := b.WriteTo(w)
	return err
}

// Folded writes what a job has printed as a group that GitHub Actions folds. It holds both of the job's outputs, since
// the order of two files is not kept there.
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

// lastByte remembers the last byte that was written.
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

// message escapes text for the message of a workflow command; property escapes it for a property, such as title.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
