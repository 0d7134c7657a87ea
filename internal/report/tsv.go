package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/record"
)

// writeTSV writes the columns of GNU parallel's --joblog, a line for each of the journal's.
func writeTSV(w io.Writer, j *Journal) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n")
	for e, err := range j.entries {
		if err != nil {
			b.Flush()
			return err
		}
		if e.header != nil {
			continue
		}
		l := &e.job
		exit, signal := exitAndSignal(l)
		_, err := fmt.Fprintf(b, "%d\t%s\t%.3f\t%10.3f\t0\t0\t%d\t%d\t%s\n",
			l.Seq, cell(l.Host), float64(l.Start.UnixMilli())/1000, l.Seconds, exit, signal, commandCell(l.Items))
		if err != nil {
			return err
		}
	}
	return b.Flush()
}

// exitAndSignal is how a job ended as parallel has it: -1 for one that ran out of time, and for
// others without an exit status the code that fanout would end with.
func exitAndSignal(l *record.Line) (exit, signal int) {
	switch {
	case l.ExitCode != nil:
		return *l.ExitCode, 0
	case l.Signal != nil:
		return 0, job.SignalNumber(*l.Signal)
	}
	switch l.Outcome {
	case "timed_out":
		return -1, 15
	case "over_memory":
		return -1, 9
	case "not_found":
		return 127, 0
	case "not_executable":
		return 126, 0
	case "lost":
		return 125, 0
	default:
		return 1, 0
	}
}

// commandCell is the items as words for a shell, which have no tabs and newlines as such.
func commandCell(items []record.Text) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return commandLine(words)
}

// cell has nothing in it that would end it.
func cell(s string) string { return strings.NewReplacer("\t", " ", "\n", " ").Replace(s) }
