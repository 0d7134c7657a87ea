package run

import (
	"path/filepath"
	"time"

	"fanout/internal/persistent"
	"fanout/internal/plan"
	"fanout/internal/pool"
	"fanout/internal/process"
)

// preparePrograms prepares a pool of persistent programs.
func (r *Run) preparePrograms() error {
	p := &r.plan
	argv, isScript, err := r.tmpl.Fixed()
	if err != nil {
		return &UsageError{err}
	}
	path := argv[0]
	if isScript {
		shell := p.Execute.Shell
		argv = append(append(append([]string(nil), shell...), "-c"), argv[0])
		path = shell[0]
	} else if path, err = process.LookPath(path, r.local.Path(), p.Execute.Dir); err != nil {
		return err // the executor found it a moment ago
	}
	processes := 1
	if isScript {
		processes++
	}
	if err := r.makeRoom(ofWorkers, demand{own: ownThreads, each: 1 + processes, least: 2}, processes); err != nil {
		return err
	}
	// Free: items that were sent to a program cannot be taken back for another, so it gets its whole window only when
	// it answers quickly.
	spec := pool.Spec{Hosts: []pool.Host{{Workers: p.Schedule.Slots, Threads: 1}}, Ahead: p.Window - 1, Free: true, BackOff: backOff}
	r.learn(func(f *plan.Facts) { f.Pooled = spec.Most() })
	stderr := r.io.Say
	starter := &persistent.Starter{
		Spec: persistent.Spec{
			Name: filepath.Base(path), Path: path, Argv: argv, Shell: p.Execute.Shell, Dir: p.Execute.Dir,
			Environ: p.Execute.Environ, Env: p.Execute.Env, Run: p.Execute.RunID,
			Protocol: p.Protocol,
			WarmUp:   p.WarmUp,
			Hint:     5 * time.Second,
			Leave:    5 * time.Second,
			Check:    time.Second,
		},
		Supervisor: r.sup,
		Stderr:     stderr,
		Warn:       r.warn,
	}
	r.newPool = func(fail func(error)) (*pool.Pool, error) {
		starter.Fail = fail
		if r.records.journal != nil {
			starter.Spec.Before = r.records.journal.Programs()
		}
		starter.TakeBack = func(replies persistent.Replies, why error) {
			if err := r.takeBack(replies, why); err != nil {
				fail(err)
			}
		}
		return pool.New(spec, starter, fail), nil
	}
	return nil
}
