package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/text"
)

// The parts of JUnit's reports that CI servers read. Each job is a test case.
type (
	testCase struct {
		XMLName xml.Name `xml:"testcase"`
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Failure *failure `xml:"failure"`
		Error   *failure `xml:"error"`
		Stderr  string   `xml:"system-err,omitempty"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	properties struct {
		XMLName  xml.Name `xml:"properties"`
		Property []property
	}
	property struct {
		XMLName xml.Name `xml:"property"`
		Name    string   `xml:"name,attr"`
		Value   string   `xml:"value,attr"`
	}
)

// writeJUnit writes the last outcome of each job.
func writeJUnit(w io.Writer, j *Journal) error {
	t, err := count(j)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	class := suiteName(j.Name)
	errors := int64(0)
	for _, name := range outcomes {
		if isError(name) {
			errors += t.counts[name]
		}
	}
	counts := fmt.Sprintf(`name=%s tests="%d" failures="%d" errors="%d" skipped="0" time="%.3f"`, attribute(class), t.jobs, t.failed()-errors, errors, t.span().Seconds())
	fmt.Fprintf(b, "%s<testsuites %s>\n", xml.Header, counts)
	fmt.Fprintf(b, "  <testsuite %s timestamp=%s hostname=%s>\n", counts, attribute(t.header.Time.UTC().Format("2006-01-02T15:04:05")), attribute(xmlText(t.header.Host)))
	out := xml.NewEncoder(b)
	out.Indent("    ", "  ")
	var argv []string
	for _, arg := range t.header.Argv {
		argv = append(argv, string(arg))
	}
	if err := out.Encode(properties{Property: []property{
		{Name: "command", Value: xmlText(text.ShellWords(argv))}, {Name: "cwd", Value: xmlText(string(t.header.Dir))}, {Name: "fanout", Value: xmlText(t.header.Version)},
	}}); err != nil {
		return err
	}
	for e, err := range j.entries {
		if err == nil && (e.header != nil || !t.isLast(e)) {
			continue
		}
		if err == nil {
			err = out.Encode(newTestCase(&e.job, class))
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprint(b, "\n  </testsuite>\n</testsuites>\n")
	return b.Flush()
}

// isError reports whether an outcome is none of a job's own: it could not run, or how it ended is unknown.
func isError(name string) bool {
	if name == otherOutcome {
		return true
	}
	switch o, _ := job.ParseOutcome(name); o {
	case job.NotFound, job.NotExecutable, job.NotStarted, job.Lost:
		return true
	default:
		return false
	}
}

func newTestCase(l *record.Line, class string) testCase {
	c := testCase{Name: xmlText(title(l)), Class: class, Time: fmt.Sprintf("%.3f", l.Seconds), Stderr: xmlText(string(l.Stderr))}
	if l.OK {
		return c
	}
	f := &failure{Message: xmlText(l.Error), Type: xmlText(l.Outcome), Text: xmlText(l.Error)}
	if l.Attempts > 1 {
		f.Text += fmt.Sprintf(", after %d attempts", l.Attempts)
	}
	if isError(l.Outcome) {
		c.Error = f
	} else {
		c.Failure = f
	}
	return c
}

// title names a job by its item or, if it is a batch, by its number and its first item.
func title(l *record.Line) string {
	switch n := len(l.Items); n {
	case 0:
		return fmt.Sprintf("job %d", l.Seq)
	case 1:
		return text.Clip(string(l.Items[0]), textMax)
	default:
		return fmt.Sprintf("job %d: %s and %d more", l.Seq, text.Clip(string(l.Items[0]), textMax), n-1)
	}
}

// suiteName names the suite after the journal.
func suiteName(journal string) string {
	base := filepath.Base(journal)
	return xmlText(strings.TrimSuffix(base, filepath.Ext(base)))
}

func attribute(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	b.WriteByte('"')
	return b.String()
}

// xmlText makes the bytes and characters visible that XML 1.0 cannot hold.
func xmlText(s string) string {
	if strings.IndexFunc(s, notXML) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, s[0])
		case n > 1 && r == utf8.RuneError:
			b.WriteRune(r)
		case notXML(r) && r < 0x100:
			fmt.Fprintf(&b, `\x%02X`, r)
		case notXML(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func notXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff || r == utf8.RuneError
}
