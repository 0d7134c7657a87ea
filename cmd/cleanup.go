package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"fanout/internal/registry"
	"fanout/internal/run"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"github.com/spf13/cobra"
)

const cleanupLong = `cleanup ends the leftovers of runs that were killed together with their guardian and warden,
and takes these runs out of the registry. It looks for processes with the run's ID in their
environment and for their descendants, suspends them all, sends TERM, and KILL after
the grace. On a terminal, it first lists what it will do. It does not touch runs that are
still running. If a run had jobs on other machines, it cleans up there as well.

Exit codes:
  0 nothing is left   1 something is left, or a file in the registry is not an entry
  2 wrong usage`

func (a *app) cleanup() *cobra.Command {
	var c registry.Cleanup
	var asJSON bool
	command := &cobra.Command{
		Use:   "cleanup [--dry-run] [--run ID] [--grace D] [--json] [--all]",
		Short: "end what killed runs have left running",
		Long:  cleanupLong,
		Args:  noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := notNegative(command.Flags(), "grace", duration(c.Grace)); err != nil {
				return &run.UsageError{Err: err}
			}
			if command.Flags().Changed("run") && !registry.IsID(c.Run) {
				return &run.UsageError{Err: fmt.Errorf("--run %q: give the first hexadecimal digits of a run ID, as fanout ps shows them", c.Run)}
			}
			out := command.OutOrStdout()
			if !asJSON && !c.DryRun && sysio.IsTerminal(int(a.io.Stdout.Fd())) {
				if err := announce(c, out); err != nil {
					return err
				}
			}
			return clean(c, out, asJSON)
		},
	}
	set := command.Flags()
	set.BoolVar(&c.DryRun, "dry-run", false, "print what would be done, and do nothing")
	set.StringVar(&c.Run, "run", "", "clean up after run `ID` only, as fanout ps shows it")
	c.Grace = 5 * time.Second
	set.Var((*duration)(&c.Grace), "grace", "wait `D` after TERM before sending KILL")
	set.BoolVar(&asJSON, "json", false, "print one JSON object for each process")
	set.BoolVar(&c.All, "all", false, "stop runs that are still running, too")
	return command
}

// cleaned is a [registry.Report] as JSON.
type cleaned struct {
	Run     string   `json:"run"`
	PID     int      `json:"pid"`
	Age     float64  `json:"age"` // seconds
	Done    string   `json:"done"`
	Why     string   `json:"why"`
	Command []string `json:"command"`
}

// announce lists what a cleanup will do, for somebody who can still stop it.
func announce(c registry.Cleanup, out io.Writer) error {
	runs, err := registry.Open()
	if err != nil {
		return err
	}
	defer runs.Close()
	t := newTable("RUN", "PID", "AGE", "WILL BE DONE", "COMMAND")
	c.DryRun = true
	c.Tell = func(r registry.Report) {
		will := map[registry.Deed]string{registry.WouldKill: "end", registry.WouldStop: "stop", registry.WouldRemove: "remove entry"}
		if deed, ok := will[r.Deed]; ok {
			t.add(registry.ShortID(r.Run), fmt.Sprint(r.PID), text.Age(r.Age), deed, words(r.Command))
		}
	}
	_ = c.Do(runs) // what is wrong is told when it is done
	_, err = t.WriteTo(out)
	return err
}

// clean cleans up and lists what was done.
func clean(c registry.Cleanup, out io.Writer, asJSON bool) error {
	runs, err := registry.Open()
	if err != nil {
		return err
	}
	defer runs.Close()
	t := newTable("RUN", "PID", "AGE", "DONE", "COMMAND")
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	var failed error // of writing: the cleanup goes on
	c.Tell = func(r registry.Report) {
		if asJSON {
			if err := lines.Encode(cleaned{r.Run, r.PID, r.Age.Seconds(), string(r.Deed), r.Why, r.Command}); err != nil {
				failed = err
			}
			return
		}
		done := string(r.Deed)
		if r.Why != "" {
			done += ": " + r.Why
		}
		t.add(registry.ShortID(r.Run), fmt.Sprint(r.PID), text.Age(r.Age), done, words(r.Command))
	}
	c.Remote = func(e registry.Entry) error { return cleanRemote(e, c.Tell) }
	err = c.Do(runs)
	if _, werr := t.WriteTo(out); werr != nil {
		failed = werr
	}
	return errors.Join(err, failed)
}
