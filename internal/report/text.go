package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"fanout/internal/text"
)

// listMax is how many failures the text lists.
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
			fmt.Fprintf(b, "  %11s  %s\n", text.Plural(int64(job.Attempts), "attempt", "attempts"), job.describe())
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
			fmt.Fprintf(b, "  and %d more, which --format html, json and junit include\n", more)
		}
	}
	return b.Flush()
}

// head names the run.
func (s *Summary) head(w io.Writer) {
	const argvMax = 300
	fmt.Fprintf(w, "%s\n", text.Printable(text.ShellWords(s.Argv), argvMax))
	fmt.Fprintf(w, "in %s on %s, %s", text.Printable(s.Dir, argvMax), text.Printable(s.Host, argvMax), stamp(s.Runs[0].Start))
	if n := len(s.Runs); n > 1 {
		fmt.Fprintf(w, ", resumed %s, last at %s", text.Plural(int64(n-1), "time", "times"), stamp(s.Runs[n-1].Start))
	}
	fmt.Fprintf(w, "\n\n")
}

// numbers writes the counts and durations.
func (s *Summary) numbers(w io.Writer) {
	fmt.Fprintf(w, "%s: %d ok", text.Plural(s.Jobs, "job", "jobs"), s.OK)
	if s.OKAfterRetry > 0 {
		fmt.Fprintf(w, " (%d after a retry)", s.OKAfterRetry)
	}
	if s.Failed > 0 {
		fmt.Fprintf(w, ", %d failed (%s)", s.Failed, s.kinds())
	}
	if s.Attempts > s.Jobs {
		fmt.Fprintf(w, "; %d attempts", s.Attempts)
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

// kinds counts the failed jobs by outcome.
func (s *Summary) kinds() string {
	var parts []string
	for _, kind := range outcomes {
		if n := s.FailedBy[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, label(kind)))
		}
	}
	return strings.Join(parts, ", ")
}

// describe names a job by its seq and its first item, and tells how it failed.
func (j *Job) describe() string {
	line := fmt.Sprintf("job %d", j.Seq)
	if n := len(j.Items); n > 0 {
		line += ", " + text.Items(j.Items[0], n)
	}
	if !j.OK {
		const most = 200
		line += ": " + text.Printable(j.Error, most)
	}
	return line
}

// stamp shows a time of a record to people.
func stamp(s string) string { return strings.NewReplacer("T", " ", "Z", " UTC").Replace(s) }
