package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"fanout/internal/text"

	"mvdan.cc/sh/v3/syntax"
)

// listMax is how many failures are told one by one.
const listMax = 10

func writeText(w io.Writer, j *Journal) error {
	t, err := count(j)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	s := t.summary(j.Name)
	s.head(b)
	s.numbers(b)
	if len(s.Slowest) > 0 {
		fmt.Fprintf(b, "\nSlowest:\n")
		for _, job := range s.Slowest {
			fmt.Fprintf(b, "  %9s  %s\n", text.Seconds(job.Seconds), job.describe())
		}
	}
	if len(s.MostRetried) > 0 {
		fmt.Fprintf(b, "\nMost retried:\n")
		for _, job := range s.MostRetried {
			fmt.Fprintf(b, "  %9s  %s\n", text.Plural(int64(job.Attempts), "try", "tries"), job.describe())
		}
	}
	if len(s.Failures) > 0 {
		fmt.Fprintf(b, "\nFailed:\n")
		for _, failed := range s.Failures[:min(len(s.Failures), listMax)] {
			fmt.Fprintf(b, "  %s\n", failed.describe())
			for _, line := range text.LastLines(failed.Stderr, 3) {
				fmt.Fprintf(b, "    | %s\n", line)
			}
		}
		if more := s.Failed - listMax; more > 0 {
			fmt.Fprintf(b, "  and %d more: --format html shows them, json and junit have them\n", more)
		}
	}
	return b.Flush()
}

// head says of what this is the report.
func (s *Summary) head(w io.Writer) {
	const argvMax = 300
	fmt.Fprintf(w, "%s\n", text.Printable(commandLine(s.Argv), argvMax))
	fmt.Fprintf(w, "in %s on %s, %s", text.Printable(s.Dir, argvMax), text.Printable(s.Host, argvMax), clock(s.Runs[0].Start))
	if n := len(s.Runs); n > 1 {
		fmt.Fprintf(w, ", and gone on with %s, at last %s", text.Plural(int64(n-1), "time", "times"), clock(s.Runs[n-1].Start))
	}
	fmt.Fprintf(w, "\n\n")
}

// numbers is all that can be counted.
func (s *Summary) numbers(w io.Writer) {
	fmt.Fprintf(w, "%s: %d ok", text.Plural(s.Jobs, "job", "jobs"), s.OK)
	if s.OKAfterRetry > 0 {
		fmt.Fprintf(w, " (%d after a retry)", s.OKAfterRetry)
	}
	if s.Failed > 0 {
		fmt.Fprintf(w, ", %d failed (%s)", s.Failed, s.kinds())
	}
	if s.Attempts > s.Jobs {
		fmt.Fprintf(w, "; %d tries", s.Attempts)
	}
	fmt.Fprintf(w, "\n%s on %s: %s jobs/s", text.Seconds(s.Elapsed), text.Plural(int64(s.Workers), "worker", "workers"), text.Three(s.Rate))
	if s.Whole {
		fmt.Fprintf(w, ", %s at a time", text.Three(s.Concurrency))
	}
	fmt.Fprintln(w)
	if d := s.Seconds; d.Count > 0 {
		fmt.Fprintf(w, "a job took %s on average, p50 %s, p95 %s, p99 %s, at most %s\n", text.Seconds(d.Mean), text.Seconds(d.P50), text.Seconds(d.P95), text.Seconds(d.P99), text.Seconds(d.Max))
		fmt.Fprintf(w, "CPU %s user, %s system; largest process %.0f MiB\n", text.Seconds(s.User), text.Seconds(s.System), float64(s.MaxRSS)/(1<<20))
	}
}

// kinds says how jobs failed.
func (s *Summary) kinds() string {
	var parts []string
	for _, kind := range endings() {
		if n := s.FailedBy[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(kind, "_", " ")))
		}
	}
	return strings.Join(parts, ", ")
}

// describe names a job by its number and its first item, and says how it failed.
func (j *Job) describe() string {
	line := fmt.Sprintf("job %d", j.Seq)
	if len(j.Items) > 0 {
		const most = 80
		line += fmt.Sprintf(", %q", short(j.Items[0], most))
	}
	if n := len(j.Items); n > 1 {
		line += fmt.Sprintf(" and %d more", n-1)
	}
	if !j.OK {
		const most = 200
		line += ": " + text.Printable(j.Error, most)
	}
	return line
}

// commandLine is arguments as a shell would take them.
func commandLine(argv []string) string {
	words := slices.Clone(argv)
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

// quote has a word be one for a shell, on one line.
func quote(word string) string {
	text, err := syntax.Quote(word, syntax.LangBash)
	if err != nil { // a NUL byte, which no argument can hold
		text, _ = syntax.Quote(strings.ReplaceAll(word, "\x00", "\uFFFD"), syntax.LangBash)
	}
	return text
}

// clock is a time of a record for people.
func clock(stamp string) string { return strings.NewReplacer("T", " ", "Z", " UTC").Replace(stamp) }
