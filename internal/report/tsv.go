package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/text"
)

// writeTSV writes the columns of GNU parallel's --joblog, with a line for each job's line in the journal.
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

// exitAndSignal returns an outcome in parallel's form: -1 after a timeout and, for other jobs without an exit status, the
// code that fanout would exit with.
func exitAndSignal(l *record.Line) (exit, signal int) {
	switch {
	case l.ExitCode != nil:
		return *l.ExitCode, 0
	case l.Signal != nil:
		return 0, job.SignalNumber(*l.Signal)
	}
	switch o, _ := job.ParseOutcome(l.Outcome); o {
	case job.TimedOut:
		return -1, 15
	case job.OverMemory:
		return -1, 9
	case job.NotFound:
		return 127, 0
	case job.NotExecutable:
		return 126, 0
	case job.Lost:
		return 125, 0
	default:
		return 1, 0
	}
}

// commandCell quotes the items for a shell. The result has no tab and no newline.
func commandCell(items []record.Text) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = string(item)
	}
	return text.ShellWords(words)
}

// cell removes what would end a cell.
func cell(s string) string { return strings.NewReplacer("\t", " ", "\n", " ").Replace(s) }
