package execute

import (
	"errors"
	"fmt"

	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// inline runs a plan that needs no process: fanout is faster than the fork alone
// would be by a factor of some hundred.
func (r *slot) inline(p *plan) job.Status {
	status := 0
	for i := range p.steps {
		s := &p.steps[i]
		if i > 0 && s.skip(status) {
			continue
		}
		c := &s.commands[0]
		var err error
		if r.argv, err = c.Argv(r.argv[:0], r.job); err != nil {
			return notStarted(err)
		}
		r.text, status = builtin(r.text[:0], c.Builtin, r.argv[1:])
		if len(r.text) > 0 {
			if _, err := r.out.Stdout.Write(r.text); err != nil {
				return job.Status{Outcome: job.Stopped} // our own output has failed, and the run with it
			}
		}
	}
	return job.Status{Outcome: job.Exited, Code: status}
}

// native runs a plan's steps as a shell would, without one.
func (r *slot) native(p *plan) job.Status {
	st := job.Status{Outcome: job.Exited}
	code := 0
	for i := range p.steps {
		s := &p.steps[i]
		if i > 0 && s.skip(code) {
			continue
		}
		if r.tree.Stopping() || r.cutShort() {
			return job.Status{Outcome: job.Stopped}
		}
		st = r.pipeline(s.commands)
		if p.single() {
			return st
		}
		switch st.Outcome {
		case job.Exited:
			code = st.Code
		case job.Signaled:
			code = 128 + int(st.Signal)
		case job.NotFound, job.NotExecutable: // a shell goes on
			code = map[job.Outcome]int{job.NotFound: 127, job.NotExecutable: 126}[st.Outcome]
			st = job.Status{Outcome: job.Exited, Code: code}
		default:
			return st
		}
	}
	if st.OK() && r.cutShort() {
		return job.Status{Outcome: job.Stopped}
	}
	return st
}

// complain writes to the standard error of a command, wherever that goes.
func (r *slot) complain(f *files, piped bool, err error) {
	_ = r.write(f, f.fds[2], piped, []byte(text.Sprint("%v", err))) // nobody could be told
}

// stage is one command of a pipeline that was started.
type stage struct {
	process bool       // it is one of the Tree's
	status  job.Status // of one that is not
}

// pipeline runs commands that are connected by pipes. Its outcome is the last
// command's.
func (r *slot) pipeline(commands []command) job.Status {
	stdin, own, err := r.stdin()
	if err != nil {
		return notStarted(err)
	}
	var final stage
	for i := range commands {
		in, out := stdin, r.give[0]
		next := -1
		if i < len(commands)-1 {
			if next, out, err = r.tree.Pipe(); err != nil {
				final = stage{status: notStarted(err)}
				closeOwn(in, own)
				break
			}
		}
		f := newFiles(in, out, r.give[1])
		final = r.stage(&commands[i], f, next >= 0)
		closeOwn(in, own)
		if next >= 0 && !f.fed {
			unix.Close(out)
		}
		stdin, own = next, true
		if final.status.Outcome == job.NotStarted {
			closeOwn(next, next >= 0)
			break
		}
	}
	if r.l.plan.single() {
		r.tree.Seal()
	}
	results := r.tree.Wait()
	return r.outcome(final, results)
}

func closeOwn(fd int, own bool) {
	if own {
		unix.Close(fd)
	}
}

func (r *slot) outcome(final stage, results []process.Result) job.Status {
	for i, res := range results {
		if i < len(results)-1 || !final.process {
			r.count(res)
		}
		r.struck = r.struck || struck(res.Status)
	}
	switch {
	case r.tree.Terminated():
		return job.Status{Outcome: job.Stopped}
	case final.process:
		return r.status(results[len(results)-1])
	default:
		return final.status
	}
}

// stage starts one command with its files. piped says that another command reads
// its output.
func (r *slot) stage(c *command, f *files, piped bool) stage {
	var err error
	if r.argv, err = c.Argv(r.argv[:0], r.job); err != nil {
		return stage{status: notStarted(err)}
	}
	defer f.closeOpened()
	if err := r.redirect(c, f); err != nil {
		if errors.Is(err, errStopped) {
			return stage{status: job.Status{Outcome: job.Stopped}}
		}
		r.complain(f, piped, err)
		return stage{status: job.Status{Outcome: job.Exited, Code: 1}}
	}
	if c.Builtin != "" {
		return stage{status: r.builtin(c, f, piped)}
	}
	env, err := r.commandEnv(c)
	if err != nil {
		return stage{status: notStarted(err)}
	}
	path := c.path
	if path == "" {
		if path, err = process.LookPath(r.argv[0], r.l.env.path, r.l.spec.Dir); err != nil {
			return stage{status: r.failed(f, piped, lookFailure(r.argv[0], err))}
		}
	}
	if err := r.start(path, r.argv, env, f.fds); err != nil {
		return stage{status: r.failed(f, piped, startFailure(r.argv[0], err))}
	}
	return stage{process: true}
}

// failed says why a program does not run. Of the only one, the summary tells.
func (r *slot) failed(f *files, piped bool, st job.Status) job.Status {
	if st.Outcome != job.NotStarted && (!r.l.plan.single() || f.fds[2] != r.give[1]) {
		r.complain(f, piped, st.Err)
	}
	return st
}

func lookFailure(name string, err error) job.Status {
	e := &CommandError{Name: name, Err: err}
	if e.Missing() {
		return job.Status{Outcome: job.NotFound, Err: e}
	}
	return job.Status{Outcome: job.NotExecutable, Err: e}
}

// commandEnv adds the assignments before a command to the job's environment.
func (r *slot) commandEnv(c *command) ([]string, error) {
	if len(c.Assigns) == 0 {
		return r.env, nil
	}
	env := append([]string(nil), r.env...)
	for _, a := range c.Assigns {
		value, err := a.Value.Single(r.job)
		if err != nil {
			return nil, err
		}
		env = setVariable(env, a.Name+"="+value)
	}
	return env, nil
}

// builtin does the command in this goroutine, and writes what it prints to where
// its standard output goes.
func (r *slot) builtin(c *command, f *files, piped bool) job.Status {
	var code int
	r.text, code = builtin(r.text[:0], c.Builtin, r.argv[1:])
	if len(r.text) == 0 {
		return job.Status{Outcome: job.Exited, Code: code}
	}
	if err := r.write(f, f.fds[1], piped, r.text); err != nil {
		code = 1
		if f.fds[2] != f.fds[1] {
			r.complain(f, piped, fmt.Errorf("%s: write error: %w", c.Builtin, err))
		}
	}
	return job.Status{Outcome: job.Exited, Code: code}
}

// write writes to one of a command's files. What goes to a pipe is the last thing
// that is written to it.
func (r *slot) write(f *files, to int, piped bool, text []byte) error {
	r.acted = r.acted || !piped || to != f.pipe
	switch {
	case to == r.give[0]:
		return r.tree.Say(r.out.Stdout, text)
	case to == r.give[1]:
		return r.tree.Say(r.out.Stderr, text)
	case piped && to == f.pipe, kindOf(to) == unix.S_IFIFO:
		// It may have to wait for a reader: the Tree does that.
		r.tree.FeedTo(f.keep(to), []string{string(text)}, to != f.pipe)
		return nil
	default:
		return r.writeFile(f, to, text)
	}
}

// writeFile writes to a file that was opened for the command. What a terminal does not take
// is left to the Tree, as with a named pipe.
func (r *slot) writeFile(f *files, to int, text []byte) error {
	if kindOf(to) == unix.S_IFCHR {
		unix.SetNonblock(to, true)
	}
	for len(text) > 0 {
		n, err := sysio.Write(to, text)
		text = text[n:]
		switch err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			r.tree.FeedTo(f.keep(to), []string{string(text)}, true)
			return nil
		default:
			return err
		}
	}
	return nil
}
