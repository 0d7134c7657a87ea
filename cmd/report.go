package cmd

import (
	"fmt"
	"io"

	"fanout/internal/report"
	"fanout/internal/run"

	"github.com/spf13/cobra"
)

const reportLong = `report summarises the journal of a run, which --journal has written: how many jobs
succeeded and failed, how long they took, the slowest and the most retried, and those
that failed. The run may be going on. If JOURNAL is -, it is read from standard input.

  text    for people
  json    one object with the same figures and all failures
  tsv     one line for each job, with the columns of GNU parallel's --joblog
  junit   XML for CI servers, one test case for each job
  html    one page with a timeline, a histogram and a search`

func (a *app) report() *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "report [--format text|json|tsv|junit|html] JOURNAL",
		Short: "summarise the journal of a run",
		Long:  reportLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &run.UsageError{Err: fmt.Errorf("report: give one journal, not %d: fanout report JOURNAL", len(args))}
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			return a.writeReport(command.OutOrStdout(), format, args[0])
		},
	}
	command.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	command.Flags().Var(oneOf(&format, report.Formats()...), "format", "write the report as `FORMAT`: text, json, tsv, junit or html")
	offerWords(command)
	return command
}

func (a *app) writeReport(out io.Writer, format, name string) error {
	j, err := report.Open(name, a.io.Stdin)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := report.Write(out, format, j); err != nil {
		return err
	}
	if n := j.Torn(); n > 0 {
		a.messages.say("warning: %s: the last line is not finished (%d bytes so far) and was skipped", j, n)
	}
	return nil
}
