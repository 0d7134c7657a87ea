package plan

import (
	"fmt"
	"path/filepath"

	"fanout/internal/collect"
	"fanout/internal/progress"
	"fanout/internal/remote"
	"fanout/internal/template"
	"fanout/internal/template/words"
)

// Facts are what a Plan depends on and only the system, the input or COMMAND can tell. They become known one after the
// other; the zero value of each is for as long as it is unknown.
type Facts struct {
	WorkDir   string          // the current directory; only jobs on other machines need it
	NoWorkDir error           // why it is unknown
	Limits    template.Limits // of a command line; zero: those that the Plan has stay

	SharedTerminal bool        // standard output and standard error are the same file
	Rows           *words.Rows // what the input says about its rows
	Names          []string    // of the sources
	Inline         bool        // jobs start no processes
	Room           int         // for how many slots or workers the system has room; 0: for as many as asked for
	Pooled         int         // how many jobs a pool of workers may have; 0: there is no pool
}

// Resolve returns the plan that p asks for, with all that one stage needs to know of another, and what follows from the
// facts. It changes neither p nor anything else, and can be called again with what it has returned, when more facts are
// known.
func Resolve(p Plan, f Facts) (Plan, error) {
	if f.Room > 0 {
		p.Schedule.Slots = f.Room
	}
	slots := p.Schedule.Slots * max(1, p.Threads)
	p.Template.Sources = max(1, len(p.Input.Sources))
	if p.Input.Format.Rows() {
		p.Template.Sources = 1
	}
	p.Template.Terminator = p.Input.Delimiter
	p.Template.Workers = slots
	if p.Execute.ShellForced && len(p.Execute.Shell) > 0 {
		p.Template.Shell = filepath.Base(p.Execute.Shell[0])
	}
	if f.Rows != nil {
		p.Template.Rows = f.Rows
	}
	if f.Names != nil {
		p.Template.Names = f.Names
	}
	if f.Limits != (template.Limits{}) {
		p.Template.Limits = f.Limits
	}
	p.Execute.Pipe = p.Template.Pipe
	p.Execute.Slots = p.Schedule.Slots
	p.Execute.Host = p.Host
	p.Collect.Slots = p.Schedule.Slots
	p.Collect.Retries = p.Schedule.Retries
	p.Collect.Instant = f.Inline || p.Persistent || p.DryRun
	p.Progress.Slots = slots
	p.Progress.Timeout = p.Schedule.Timeout
	p.Progress.Mode = p.progressMode(f)
	if p.IsRemote() {
		if err := p.resolveRemote(f); err != nil {
			return p, err
		}
	}
	if f.Pooled > 0 {
		p.Schedule.Slots, p.Collect.Slots = f.Pooled, f.Pooled
	}
	return p, nil
}

// progressMode returns how progress is shown: not in a dry run, nor where jobs write to its terminal themselves.
func (p *Plan) progressMode(f Facts) progress.Mode {
	raw := p.Progress.Mode == progress.Bars && p.Collect.Mode == collect.Raw && p.Out == "" && f.SharedTerminal
	if p.DryRun || raw {
		return progress.None
	}
	return p.Progress.Mode
}

// resolveRemote is the part of Resolve for jobs on other machines.
func (p *Plan) resolveRemote(f Facts) error {
	if p.Remote.Dir == remote.SameDir {
		if p.Remote.Dir = p.Execute.Dir; p.Remote.Dir == "" {
			if f.NoWorkDir != nil {
				return fmt.Errorf("cannot find out the current directory: %w; set the jobs' directory with --remote-dir", f.NoWorkDir)
			}
			p.Remote.Dir = f.WorkDir
		}
	}
	p.Execute.Dir, p.Execute.Remote = "", true
	p.Template.Workers = p.Remote.Slots()
	const rows = 200 // more than any screen has
	p.Progress.Slots = rows
	// How much a host's environment leaves of a command line is unknown. Half of what this one leaves is less than any
	// system allows on which programs start at all.
	if f.Limits != (template.Limits{}) {
		p.Template.Limits.Total /= 2
	}
	return nil
}
