package cmd

import (
	"fmt"
	"io"
	"strings"

	"fanout/internal/report"
	"fanout/internal/run"

	"github.com/spf13/cobra"
)

const reportLong = `report summarises the journal of a run, which --journal has written: how many jobs
succeeded and failed, how long they took, the slowest and the most retried, and those
that failed. The run may still be going on. If JOURNAL is -, it is read from standard
input.
`

func (a *app) report() *cobra.Command {
	var format string
	names, long := []string{}, reportLong
	for _, f := range report.Formats() {
		names = append(names, f.Name)
		long += fmt.Sprintf("\n  %-7s %s", f.Name, f.About)
	}
	command := &cobra.Command{
		Use:   "report [--format " + strings.Join(names, "|") + "] JOURNAL",
		Short: "summarise the journal of a run",
		Long:  long,
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
	command.Flags().Var(oneOf(&format, names...), "format", "write the report as `FORMAT`: "+either(names))
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
