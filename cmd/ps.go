package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"fanout/internal/registry"
	"fanout/internal/text"

	"github.com/spf13/cobra"
)

const psLong = `ps lists your runs, the oldest first. A dead run was killed before it could end;
fanout cleanup ends what it has left running.`

func (a *app) ps() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "ps [--json]",
		Short: "list runs",
		Long:  psLong,
		Args:  noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return list(command.OutOrStdout(), asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each run")
	return command
}

// listed is a [registry.Run] as JSON.
type listed struct {
	Run     string    `json:"run"`
	PID     int       `json:"pid"`
	State   string    `json:"state"`
	Done    int64     `json:"done"`
	Failed  int64     `json:"failed"`
	Running int64     `json:"running"`
	Waiting int64     `json:"waiting"`
	Started time.Time `json:"started"`
	Dir     string    `json:"cwd"`
	Command []string  `json:"command"`
}

// list writes the runs in the registry.
func list(out io.Writer, asJSON bool) error {
	reg, err := registry.Open()
	if err != nil {
		return err
	}
	defer reg.Close()
	runs, err := reg.Runs()
	t := newTable("RUN", "PID", "STATE", "DONE", "FAILED", "RUNNING", "WAITING", "AGE", "COMMAND")
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, r := range runs {
		pid, _ := r.Visible()
		l := listed{r.RunID, pid, "running", r.Done, r.Failed, r.Running, r.Waiting, r.Started, r.Dir, r.Command}
		switch {
		case !r.Live:
			l.State, l.Running, l.Waiting = "dead", 0, 0
		case r.Draining:
			l.State = "draining"
		}
		if !asJSON {
			t.add(registry.ShortID(r.RunID), fmt.Sprint(l.PID), l.State, fmt.Sprint(l.Done), fmt.Sprint(l.Failed), fmt.Sprint(l.Running), fmt.Sprint(l.Waiting),
				text.Age(time.Since(r.Started)), words(r.Command))
		} else if werr := lines.Encode(l); werr != nil {
			return errors.Join(err, werr)
		}
	}
	_, werr := t.WriteTo(out)
	return errors.Join(err, werr)
}
