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

// inline runs a plan that needs no process: fanout is faster than the fork alone would be by a factor of some hundred.
func (s *slot) inline(p *plan) job.Status {
	status := 0
	for i := range p.steps {
		step := &p.steps[i]
		if i > 0 && step.skip(status) {
			continue
		}
		c := &step.commands[0]
		var err error
		if s.argv, err = c.Argv(s.argv[:0], s.job); err != nil {
			return notStarted(err)
		}
		s.text, status = builtin(s.text[:0], c.Builtin, s.argv[1:])
		if len(s.text) > 0 {
			if _, err := s.out.Stdout.Write(s.text); err != nil {
				return job.Status{Outcome: job.Stopped} // our own output has failed, and the run with it
			}
		}
	}
	return job.Status{Outcome: job.Exited, Code: status}
}

// native runs a plan's steps as a shell would, without one.
func (s *slot) native(p *plan) job.Status {
	st := job.Status{Outcome: job.Exited}
	code := 0
	for i := range p.steps {
		step := &p.steps[i]
		if i > 0 && step.skip(code) {
			continue
		}
		if s.tree.Stopping() || s.cutShort() {
			return job.Status{Outcome: job.Stopped}
		}
		st = s.pipeline(step.commands)
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
	if st.OK() && s.cutShort() {
		return job.Status{Outcome: job.Stopped}
	}
	return st
}

// complain writes to the standard error of a command, wherever that goes.
func (s *slot) complain(f *files, piped bool, err error) {
	_ = s.write(f, f.fds[2], piped, []byte(text.Sprint("%v", err))) // where it cannot be written, nobody can be told
}

// stage is one command of a pipeline that was started.
type stage struct {
	process bool       // the Tree has started it
	status  job.Status // if not
}

// pipeline runs commands that are connected by pipes. Its outcome is that of the last command.
func (s *slot) pipeline(commands []command) job.Status {
	stdin, own, err := s.stdin()
	if err != nil {
		return notStarted(err)
	}
	var final stage
	for i := range commands {
		in, out := stdin, s.give[0]
		next := -1
		if i < len(commands)-1 {
			if next, out, err = s.tree.Pipe(); err != nil {
				final = stage{status: notStarted(err)}
				closeOwn(in, own)
				break
			}
		}
		f := newFiles(in, out, s.give[1])
		final = s.stage(&commands[i], f, next >= 0)
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
	if s.l.plan.single() {
		s.tree.Seal()
	}
	results := s.tree.Wait()
	return s.outcome(final, results)
}

func closeOwn(fd int, own bool) {
	if own {
		unix.Close(fd)
	}
}

func (s *slot) outcome(final stage, results []process.Result) job.Status {
	for i, res := range results {
		if i < len(results)-1 || !final.process {
			s.count(res)
		}
		s.hit = s.hit || hit(res.Status)
	}
	switch {
	case s.tree.Terminated():
		return job.Status{Outcome: job.Stopped}
	case final.process:
		return s.status(results[len(results)-1])
	default:
		return final.status
	}
}

// stage starts one command with its files. piped means that another command reads its output.
func (s *slot) stage(c *command, f *files, piped bool) stage {
	var err error
	if s.argv, err = c.Argv(s.argv[:0], s.job); err != nil {
		return stage{status: notStarted(err)}
	}
	defer f.closeOpened()
	if err := s.redirect(c, f); err != nil {
		if errors.Is(err, errStopped) {
			return stage{status: job.Status{Outcome: job.Stopped}}
		}
		s.complain(f, piped, err)
		return stage{status: job.Status{Outcome: job.Exited, Code: 1}}
	}
	if c.Builtin != "" {
		return stage{status: s.builtin(c, f, piped)}
	}
	env, err := s.commandEnv(c)
	if err != nil {
		return stage{status: notStarted(err)}
	}
	path := c.path
	if path == "" {
		if path, err = process.LookPath(s.argv[0], s.l.env.path, s.l.spec.Dir); err != nil {
			return stage{status: s.failed(f, piped, lookFailure(s.argv[0], err))}
		}
	}
	if err := s.start(path, s.argv, env, f.fds); err != nil {
		return stage{status: s.failed(f, piped, startFailure(s.argv[0], err))}
	}
	return stage{process: true}
}

// failed writes why a program does not run. For a single command, the summary does that.
func (s *slot) failed(f *files, piped bool, st job.Status) job.Status {
	if st.Outcome != job.NotStarted && (!s.l.plan.single() || f.fds[2] != s.give[1]) {
		s.complain(f, piped, st.Err)
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
func (s *slot) commandEnv(c *command) ([]string, error) {
	if len(c.Assigns) == 0 {
		return s.env, nil
	}
	env := append([]string(nil), s.env...)
	for _, a := range c.Assigns {
		value, err := a.Value.Single(s.job)
		if err != nil {
			return nil, err
		}
		env = setVariable(env, a.Name+"="+value)
	}
	return env, nil
}

// builtin runs the command in this goroutine, and writes what it prints to its standard output.
func (s *slot) builtin(c *command, f *files, piped bool) job.Status {
	var code int
	s.text, code = builtin(s.text[:0], c.Builtin, s.argv[1:])
	if len(s.text) == 0 {
		return job.Status{Outcome: job.Exited, Code: code}
	}
	if err := s.write(f, f.fds[1], piped, s.text); err != nil {
		code = 1
		if f.fds[2] != f.fds[1] {
			s.complain(f, piped, fmt.Errorf("%s: write error: %w", c.Builtin, err))
		}
	}
	return job.Status{Outcome: job.Exited, Code: code}
}

// write writes to one of a command's files. Nothing else is written to a pipe after it.
func (s *slot) write(f *files, to int, piped bool, text []byte) error {
	s.acted = s.acted || !piped || to != f.pipe
	switch {
	case to == s.give[0]:
		return s.tree.Say(s.out.Stdout, text)
	case to == s.give[1]:
		return s.tree.Say(s.out.Stderr, text)
	case piped && to == f.pipe, kindOf(to) == unix.S_IFIFO:
		// The write may have to wait for a reader: the Tree does that.
		s.tree.FeedTo(f.keep(to), []string{string(text)}, to != f.pipe)
		return nil
	default:
		return s.writeFile(f, to, text)
	}
}

// writeFile writes to a file that was opened for the command. What a terminal does not take is left to the Tree, as
// with a named pipe.
func (s *slot) writeFile(f *files, to int, text []byte) error {
	if kindOf(to) == unix.S_IFCHR {
		unix.SetNonblock(to, true)
	}
	for len(text) > 0 {
		n, err := sysio.Write(to, text)
		text = text[n:]
		switch err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			s.tree.FeedTo(f.keep(to), []string{string(text)}, true)
			return nil
		default:
			return err
		}
	}
	return nil
}
