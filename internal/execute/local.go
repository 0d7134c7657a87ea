// Package execute runs one job on this machine: natively, without a shell, when COMMAND allows it, else in a real
// shell. [Local] decides once, for all jobs of a run.
package execute

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/template"
	"fanout/internal/template/script"
	"fanout/internal/template/words"
	"fanout/internal/text"
)

// Spec is the environment in which jobs run.
type Spec struct {
	Dir         string   // working directory, absolute; "": our own
	Environ     []string // what jobs inherit
	Env         []string // K=V, added to Environ
	Shell       []string // the shell for scripts: its path, and options to give it; see FindShell
	ShellForced bool     // the user named the shell: it runs every script
	Pipe        bool     // jobs read their items from standard input
	RunID       string
	Host        string // the name of this machine, for jobs
	Remote      bool   // jobs run on other machines: which programs they have is not known
	Slots       int
	FirstSlot   int // the number of the first slot, when it is not 1
}

// CommandError says that COMMAND cannot be run at all.
type CommandError struct {
	Name string
	Err  error // fs.ErrNotExist, fs.ErrPermission, or why it could not be started
	Hint string
}

func (e *CommandError) Error() string {
	var interpreter *process.InterpreterError
	text := text.Name(e.Name) + ": "
	switch {
	case errors.As(e.Err, &interpreter):
		text += interpreter.Error()
	case e.Missing():
		text += "command not found"
	case errors.Is(e.Err, fs.ErrPermission):
		text += "cannot be executed: permission denied, or a directory"
	default:
		text += "cannot be executed: " + e.Err.Error()
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

// Missing reports whether the program is not there, rather than not executable.
func (e *CommandError) Missing() bool { return errors.Is(e.Err, fs.ErrNotExist) }

// Local is the executor of jobs on this machine. Run is called by many goroutines, one for each slot.
type Local struct {
	spec   Spec
	tmpl   *template.Template
	limits template.Limits
	sup    *process.Supervisor
	env    environment
	plan   *plan                  // nil: in the shell
	slots  []atomic.Pointer[slot] // by number; each belongs to one goroutine, and Running reads it
}

// NewLocal decides how COMMAND is run and finds its programs. The error is a *CommandError when COMMAND cannot be run.
func NewLocal(spec Spec, tmpl *template.Template, limits template.Limits, sup *process.Supervisor) (*Local, error) {
	l := &Local{
		spec:   spec,
		tmpl:   tmpl,
		limits: limits,
		sup:    sup,
		env:    newEnvironment(spec),
		slots:  make([]atomic.Pointer[slot], spec.Slots+1),
	}
	var err error
	if tmpl.Form() == template.ProgramForm {
		l.plan, err = l.resolveProgram(tmpl.Plan())
	} else {
		l.plan, err = l.resolveScript(tmpl.Plan())
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// StartsProcesses is false when fanout itself does every job.
func (l *Local) StartsProcesses() bool { return l.plan == nil || !l.plan.inline }

// StartsShells is true when a shell runs each job.
func (l *Local) StartsShells() bool { return l.plan == nil }

// FilesPerJob returns how many descriptors a job may need at the same time.
func (l *Local) FilesPerJob() int {
	const ownPipes, forking, wake, stdin = 4, 2, 1, 2
	const perStage = 4 // a pidfd, a pipe, a redirection
	stages := 1
	if l.plan != nil {
		stages = l.plan.stages
	}
	return ownPipes + forking + wake + stdin + perStage*stages
}

// ProcessesPerJob returns how many processes a job has at the same time. A shell is assumed to start one.
func (l *Local) ProcessesPerJob() int {
	if l.plan == nil {
		return 2
	}
	return l.plan.stages
}

// Run runs the job and returns when all its processes have ended.
func (l *Local) Run(ctx context.Context, j job.Job, out job.Output) job.Status {
	if ctx.Err() != nil {
		return job.Status{Outcome: job.Stopped}
	}
	nth := j.Slot - max(0, l.spec.FirstSlot-1)
	s := l.slots[nth].Load()
	if s == nil {
		s = &slot{l: l}
		l.slots[nth].Store(s)
	}
	began := time.Now()
	j.Host = l.spec.Host
	s.set(j, began)
	st := s.run(ctx, j, out)
	s.set(j, time.Time{})
	st.Usage.Wall = time.Since(began)
	st.Worker = j.Slot
	return st
}

func (s *slot) set(j job.Job, began time.Time) {
	s.mu.Lock()
	s.job, s.began = j, began
	s.mu.Unlock()
}

// Running returns the jobs that run now, in the order of their slots.
func (l *Local) Running() []job.Running {
	var all []job.Running
	for i := range l.slots {
		s := l.slots[i].Load()
		if s == nil {
			continue
		}
		s.mu.Lock()
		if !s.began.IsZero() {
			now := job.Running{Job: s.job, For: time.Since(s.began)}
			if s.tree != nil {
				now.Pid = s.tree.Pid()
			}
			all = append(all, now)
		}
		s.mu.Unlock()
	}
	return all
}

// resolveProgram finds the program of the program form.
func (l *Local) resolveProgram(p *words.Plan) (*plan, error) {
	c := p.Steps[0].Pipeline[0]
	name, literal := c.Words[0].Literal()
	if c.Builtin != "" || !literal {
		return newPlan(p, [][]string{{""}}), nil
	}
	path, err := l.find(name)
	if err != nil {
		return nil, &CommandError{Name: name, Err: err, Hint: l.hint(name)}
	}
	return newPlan(p, [][]string{{path}}), nil
}

// find returns where a program is.
func (l *Local) find(name string) (string, error) {
	if l.spec.Remote {
		return name, nil
	}
	return process.LookPath(name, l.env.path, l.spec.Dir)
}

// hint helps users who expect a shell where there is none.
func (l *Local) hint(name string) string {
	if l.env.functions[name] {
		return fmt.Sprintf("a shell function needs the shell: fanout '%s {}'", name)
	}
	if script.IsBuiltin(name) {
		return fmt.Sprintf("a shell builtin needs the shell: fanout '%s {}'", name)
	}
	return ""
}

// resolveScript finds the programs of a script. A script that names something else than a program is run by the shell.
// Only where the script is nothing but that command, and there is no such function, is it clear that no job can
// succeed.
func (l *Local) resolveScript(p *words.Plan) (*plan, error) {
	if p == nil || l.spec.ShellForced || l.env.alters {
		return nil, nil
	}
	if l.spec.Pipe && len(p.Steps) > 1 {
		return nil, nil // the steps share one standard input: each reads on where the one before has stopped
	}
	var paths [][]string
	for _, step := range p.Steps {
		var stage []string
		for _, c := range step.Pipeline {
			path := ""
			if c.Builtin == "" {
				name, _ := c.Words[0].Literal()
				var err error
				path, err = l.find(name)
				only := len(p.Steps) == 1 && len(step.Pipeline) == 1
				switch {
				case l.env.functions[name], err != nil && !only:
					return nil, nil
				case err != nil:
					return nil, &CommandError{Name: name, Err: err}
				}
			} else if l.env.functions[c.Builtin] {
				return nil, nil
			}
			stage = append(stage, path)
		}
		paths = append(paths, stage)
	}
	return newPlan(p, paths), nil
}

// Path returns the PATH of jobs.
func (l *Local) Path() string { return l.env.path }
