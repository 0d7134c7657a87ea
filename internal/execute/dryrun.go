package execute

import (
	"context"
	"io"

	"fanout/internal/job"
	"fanout/internal/template"
)

// DryRun is the executor that prints what would run, and runs nothing.
type DryRun struct {
	Template *template.Template
	Shell    string
}

// Run prints the job as a line that can be pasted into a shell.
func (d DryRun) Run(_ context.Context, j job.Job, out job.Output) job.Status {
	if _, err := io.WriteString(out.Stdout, d.Template.Display(j, d.Shell)+"\n"); err != nil {
		return job.Status{Outcome: job.Stopped}
	}
	return job.Status{Outcome: job.Exited}
}
