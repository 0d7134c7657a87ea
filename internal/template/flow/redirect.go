package flow

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// redirected follows a command with its redirections.
func (f *follower) redirected(s *syntax.Stmt, st *state) {
	if len(s.Redirs) == 0 {
		f.command(s.Cmd, st)
		return
	}
	call, _ := s.Cmd.(*syntax.CallExpr)
	stays := call != nil && len(call.Args) == 1 && call.Args[0].Lit() == "exec"
	r := f.redirections(s, st)
	if stays {
		if r.in != nil {
			f.everStdin = f.either(f.everStdin, r.in)
			if st.stdin = r.in; st.reads != "" { // the rest of its code
				f.sinkCode(r.in, st.reads)
			}
		}
		maps.Copy(st.files, r.files)
		if r.out != nil {
			r.sinks["1"] = *r.out
		}
		for fd, s := range r.sinks {
			s.lasting = true
			st.sinks[fd] = s
		}
		return
	}
	before, files, sinks := st.stdin, maps.Clone(st.files), maps.Clone(st.sinks)
	if r.in != nil {
		st.stdin = r.in
	}
	maps.Copy(st.files, r.files)
	maps.Copy(st.sinks, r.sinks)
	out := st.out
	if r.away {
		st.out = text("")
	}
	f.command(s.Cmd, st)
	if !st.dead {
		st.stdin, st.files, st.sinks = before, files, sinks
	}
	if r.away {
		printed := st.out
		if st.out = out; r.out != nil {
			f.into(*r.out, printed, st)
		}
	}
}

// into follows what is written to a sink.
func (f *follower) into(s sink, written value, st *state) {
	if s.lasting { // quotes of one command may hold what another writes
		written = f.bare(written)
	}
	printed := s.run(st.copy(), f.through(written, s.what))
	if s.reply != "" {
		st.files[s.reply] = f.either(st.files[s.reply], f.through(printed, "the output of the coprocess"))
	}
}

// redirections are what the redirections of a statement do.
type redirections struct {
	in    value // what standard input is; nil: as before
	out   *sink // where standard output goes; nil: to a file
	away  bool  // standard output goes elsewhere
	files map[string]value
	sinks map[string]sink
}

func (f *follower) redirections(s *syntax.Stmt, st *state) redirections {
	out := redirections{files: map[string]value{}, sinks: map[string]sink{}}
	for _, r := range s.Redirs {
		f.redirection(r, st, &out)
	}
	return out
}

func (f *follower) redirection(r *syntax.Redirect, st *state, out *redirections) {
	fd := ""
	if r.N != nil {
		fd = r.N.Value
	}
	read := func(v value) {
		if fd == "" || fd == "0" {
			out.in = v
		} else {
			out.files[fd] = v
		}
	}
	write := func(s *sink) {
		switch {
		case fd == "" || fd == "1":
			out.away, out.out = true, s
		case s != nil:
			out.sinks[fd] = *s
		}
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		if r.Hdoc != nil {
			if lit := r.Word.Lit(); lit == "" || strings.ContainsRune(lit, '\\') {
				read(f.through(text(f.rawText(r.Hdoc)), "a here-document"))
			} else {
				read(f.through(f.quotedParts(r.Hdoc.Parts, st), "a here-document"))
			}
		}
	case syntax.WordHdoc:
		read(f.through(f.join(f.single(r.Word, st), text("\n")), "a here-string"))
	case syntax.RdrIn, syntax.RdrInOut:
		name := f.single(r.Word, st)
		if held := f.heldBy(name, st); held != nil {
			read(held)
		} else {
			read(f.unknown())
		}
		f.complain(name, st)
	case syntax.DplIn:
		if name, ok := f.literal(f.single(r.Word, st)); ok {
			if digits := strings.TrimSuffix(name, "-"); digits != "" {
				name = digits
			}
			if v, known := out.files[name]; known {
				read(v)
			} else if v, known := st.files[name]; known {
				read(v)
			}
		} else {
			read(f.anyFile(st))
		}
	case syntax.RdrAll, syntax.AppAll, syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.DplOut:
		v := f.single(r.Word, st)
		name, ok := f.literal(v)
		descriptor := r.Op == syntax.DplOut
		if !descriptor {
			name, descriptor = deviceOf(name)
		}
		if digits := strings.TrimSuffix(name, "-"); digits != "" {
			name = digits // it is moved, not copied
		}
		switch {
		case !descriptor:
			to := f.sinkOf(v)
			if write(to); to != nil && (r.Op == syntax.RdrAll || r.Op == syntax.AppAll) {
				out.sinks["2"] = *to
			}
			f.complain(v, st)
		case ok && name == "1":
			if fd != "" && fd != "1" {
				out.sinks[fd] = f.captured(st)
			}
		case ok && name == "-":
			write(nil)
		case ok:
			s, known := out.sinks[name]
			if !known {
				s, known = st.sinks[name]
			}
			if known {
				write(&s)
			} else {
				write(nil)
			}
		default: // the number is in a variable
			write(f.anySink(st))
		}
	}
}

// captured is a copy of standard output as it is now.
func (f *follower) captured(st *state) sink {
	to := st.capture
	return sink{run: func(_ *state, written value) value {
		if to != nil {
			*to = f.either(*to, f.join(*to, written))
		}
		return text("")
	}}
}

// apart makes a state whose standard output somebody reads: the output of a substitution, or what goes into a pipe.
func (f *follower) apart(st *state) *state {
	side := st.copy()
	added := text("")
	side.out, side.capture, side.exit = text(""), &added, nil
	delete(side.sinks, "1")
	return side
}

// result is all that such a state has printed.
func (f *follower) result(side *state) value {
	f.runExit(side)
	return f.either(side.out, f.join(side.out, *side.capture))
}

// runExit follows what a trap runs at the end of a shell.
func (f *follower) runExit(st *state) {
	if code := st.exit; code != nil {
		st.exit, st.dead = nil, false
		f.codeOf("trap", f.args([]word{{text: code[0]}}), true, st)
	}
}

// complain follows what error messages name, where they go to standard output.
func (f *follower) complain(about value, st *state) {
	if s, ok := st.sinks["2"]; ok && f.carries(about) {
		side := st.copy()
		delete(side.sinks, "2")
		f.into(s, f.maybe(about, "bash"), side)
	}
}

// anyFile is what one of the descriptors gives to read, unknown which.
func (f *follower) anyFile(st *state) value {
	out := f.unknown()
	for _, fd := range slices.Sorted(maps.Keys(st.files)) {
		out = f.either(out, st.files[fd])
	}
	return out
}

// anySink is a sink that leads to all sinks.
func (f *follower) anySink(st *state) *sink {
	if len(st.sinks) == 0 {
		return nil
	}
	all := maps.Clone(st.sinks)
	one := sink{what: "a file descriptor", reply: "any"}
	one.run = func(st *state, stdin value) (printed value) {
		for _, fd := range slices.Sorted(maps.Keys(all)) {
			printed = f.either(printed, all[fd].run(st.copy(), stdin))
		}
		return printed
	}
	return &one
}

// deviceOf returns the descriptor that a file name means.
func deviceOf(name string) (fd string, ok bool) {
	switch name {
	case "/dev/stdin":
		return "0", true
	case "/dev/stdout":
		return "1", true
	case "/dev/stderr":
		return "2", true
	}
	name = strings.TrimPrefix(name, "file://")
	if fd, ok = strings.CutPrefix(name, "/dev/fd/"); ok {
		return fd, true
	}
	return strings.CutPrefix(name, "/proc/self/fd/")
}

// sinkOf is the command to which >(…) leads; nil for a file.
func (f *follower) sinkOf(name value) *sink {
	for _, s := range name {
		for _, id := range f.names.Tokens(s) {
			if to := f.sinks[id]; to != nil {
				return to
			}
		}
	}
	return nil
}

func (f *follower) processSink(p *syntax.ProcSubst) *sink {
	return &sink{what: "standard input of >(...)", run: func(st *state, stdin value) value {
		st.stdin, st.out = stdin, text("")
		f.statements(p.Stmts, st)
		return st.out
	}}
}
