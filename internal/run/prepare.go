package run

import (
	"context"
	"errors"

	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/progress"
	"fanout/internal/template"
	"fanout/internal/template/words"
)

// ready does the work of New.
func (r *Run) ready(ctx context.Context) (err error) {
	p := &r.plan
	if err = r.openScreen(); err != nil {
		return err
	}
	if p.Input.Format.Rows() {
		err = r.learnRows(ctx)
	} else if p.Input.Named {
		err = r.learnNames(ctx)
	}
	if err != nil {
		return err
	}
	if r.tmpl, err = template.Compile(r.plan.Template); err != nil {
		return &UsageError{err}
	}
	if p.Process.Memory > 0 && !p.IsRemote() {
		if err = process.CannotSeeMemory(); err != nil {
			return err
		}
	}
	if p.Process.Memory > 0 {
		process.TakeCgroup() // without a cgroup, fanout watches the memory of jobs
	}
	if r.sup, err = process.NewSupervisor(ownProcesses(*p)); err != nil {
		return err
	}
	if err = r.prepare(ctx); err != nil {
		return err
	}
	if p.Input.Format.Rows() {
		r.in.Use(r.tmpl.Picked(), r.tmpl.Highest())
	} else if err = r.open(); err != nil {
		return err
	}
	if err = apart(p, r.io); err != nil {
		return err
	}
	r.progress = progress.New(p.Progress, r.progressSources())
	return r.openRecords(ctx)
}

// open opens the input, unless New got one.
func (r *Run) open() error {
	if r.in != nil {
		return nil
	}
	in, err := input.Open(r.plan.Input, r.io.Stdin)
	if err != nil {
		return err
	}
	r.in = in
	return nil
}

// learnRows opens the input and reads the names of its fields, which COMMAND needs.
func (r *Run) learnRows(ctx context.Context) (err error) {
	if err = r.open(); err != nil {
		return err
	}
	s, err := r.in.Schema(ctx)
	if err != nil {
		return err
	}
	rows := &words.Rows{Names: s.Names, Width: s.Width, Pick: s.Pick, Any: !s.Known}
	r.learn(func(f *plan.Facts) { f.Rows = rows })
	return nil
}

// learnNames opens the input and reads the names of its sources, which COMMAND needs.
func (r *Run) learnNames(ctx context.Context) (err error) {
	if err = r.open(); err != nil {
		return err
	}
	names, err := r.in.Names(ctx)
	r.learn(func(f *plan.Facts) { f.Names = names })
	return err
}

// prepare makes the executor.
func (r *Run) prepare(ctx context.Context) (err error) {
	p := &r.plan
	if p.DryRun {
		shell := "bash"
		if len(p.Execute.Shell) > 0 {
			shell = p.Execute.Shell[0]
		}
		r.exec = execute.DryRun{Template: r.tmpl, Shell: shell}
		return nil
	}
	if r.local, err = execute.NewLocal(p.Execute, r.tmpl, p.Template.Limits, r.sup); err != nil {
		return err
	}
	r.exec = r.local
	if p.Execute.ShellForced && !p.IsRemote() && r.local.StartsShells() {
		if err = execute.TryShell(ctx, p.Execute, r.sup); err != nil {
			return shellError(err)
		}
	}
	r.learn(func(f *plan.Facts) { f.Inline = !r.local.StartsProcesses() })
	switch {
	case p.IsRemote():
		return r.prepareRemote()
	case p.Persistent:
		return r.preparePrograms()
	case p.Mode == plan.Process:
		return r.prepareWorkers()
	}
	if p.Collect.Instant {
		return nil
	}
	return r.prepareProcess()
}

// shellError tells a shell that cannot run scripts from one that could not be started.
func shellError(err error) error {
	var wrong *execute.ShellError
	var command *execute.CommandError
	if errors.As(err, &wrong) || errors.As(err, &command) {
		return &UsageError{err}
	}
	return err
}
