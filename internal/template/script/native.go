package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// specialVars mean something to the shell that would run the command, or cannot be assigned.
var specialVars = []string{
	"BASHOPTS", "BASHPID", "EUID", "EXECIGNORE", "FUNCNAME", "GLOBIGNORE", "GROUPS", "IFS", "LANG", "PATH",
	"POSIXLY_CORRECT", "PPID", "SHELLOPTS", "SHLVL", "TIMEFORMAT", "UID", "_",
}

// planner translates a script that needs no shell into a plan. It accepts only what it knows, as the walker
// does.
type planner struct{ w *walker }

// nativePlan returns nil if the script needs a shell.
func nativePlan(f *syntax.File, w *walker) *words.Plan {
	n := planner{w}
	var p words.Plan
	for _, s := range f.Stmts {
		if !n.list(&p, s, words.Always) {
			return nil
		}
	}
	if len(p.Steps) == 0 {
		return nil
	}
	return &p
}

// list adds the commands that && and || join. Both bind to the left, equally strongly.
func (n planner) list(p *words.Plan, s *syntax.Stmt, op words.Op) bool {
	b, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok || b.Op == syntax.Pipe || b.Op == syntax.PipeAll {
		step := words.Step{Op: op}
		ok := n.pipeline(&step, s)
		p.Steps = append(p.Steps, step)
		return ok
	}
	if !plainStmt(s) || len(s.Redirs) > 0 {
		return false
	}
	if y, ok := b.Y.Cmd.(*syntax.BinaryCmd); ok && y.Op != syntax.Pipe && y.Op != syntax.PipeAll {
		return false
	}
	second := words.And
	if b.Op == syntax.OrStmt {
		second = words.Or
	}
	return n.list(p, b.X, op) && n.list(p, b.Y, second)
}

// plainStmt reports whether a statement has none of &, ! and coproc.
func plainStmt(s *syntax.Stmt) bool {
	return !s.Background && !s.Negated && !s.Coprocess && !s.Disown
}

// pipeline translates the commands that | and |& join.
func (n planner) pipeline(step *words.Step, s *syntax.Stmt) bool {
	if !plainStmt(s) {
		return false
	}
	b, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok {
		c, ok := n.command(s)
		step.Pipeline = append(step.Pipeline, c)
		return ok
	}
	if b.Op != syntax.Pipe && b.Op != syntax.PipeAll || len(s.Redirs) > 0 || !n.pipeline(step, b.X) {
		return false
	}
	if b.Op == syntax.PipeAll {
		last := &step.Pipeline[len(step.Pipeline)-1]
		last.Redirects = append(last.Redirects, words.Redirect{Kind: words.Dup, Fd: 2, From: 1})
	}
	return n.pipeline(step, b.Y)
}

// command translates a simple command.
func (n planner) command(s *syntax.Stmt) (words.Command, bool) {
	var c words.Command
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return c, false
	}
	for _, word := range call.Args {
		v, ok := n.word(word)
		if !ok {
			return c, false
		}
		c.Words = append(c.Words, v)
	}
	name, ok := c.Words[0].Literal()
	if !ok || name == "" || name[0] == '%' || IsBuiltin(name) || syntax.IsKeyword(name) {
		return c, false
	}
	if slices.Contains(inProcess, name) {
		c.Builtin = name
	}
	for _, a := range call.Assigns {
		v, ok := n.assign(a)
		if !ok || c.Builtin != "" {
			return c, false
		}
		c.Assigns = append(c.Assigns, v)
	}
	for _, r := range s.Redirs {
		v, ok := n.redirect(r)
		if !ok {
			return c, false
		}
		c.Redirects = append(c.Redirects, v...)
	}
	return c, true
}

// assign translates an assignment in front of a command, unless the shell treats its variable specially.
func (n planner) assign(a *syntax.Assign) (words.Assign, bool) {
	if a.Append || a.Naked || a.Name == nil || a.Index != nil || a.Array != nil {
		return words.Assign{}, false
	}
	out := words.Assign{Name: a.Name.Value}
	if slices.Contains(specialVars, out.Name) || flow.Special(out.Name) ||
		strings.HasPrefix(out.Name, "BASH") || strings.HasPrefix(out.Name, "LC_") {
		return out, false
	}
	if a.Value == nil {
		return out, true
	}
	var ok bool
	out.Value, ok = n.word(a.Value)
	return out, ok
}

// redirect translates one redirection. &> becomes two.
func (n planner) redirect(r *syntax.Redirect) ([]words.Redirect, bool) {
	fd := 1
	if r.Op == syntax.RdrIn {
		fd = 0
	}
	if r.N != nil {
		switch {
		case r.Op == syntax.RdrIn && r.N.Value == "0", r.N.Value == "1" && fd == 1:
		case r.N.Value == "2" && fd == 1:
			fd = 2
		default:
			return nil, false
		}
	}
	target, ok := n.word(r.Word)
	if lit, isLit := target.Literal(); !ok || isLit && (lit == "" || strings.HasPrefix(lit, "/dev/tcp/") ||
		strings.HasPrefix(lit, "/dev/udp/") || strings.HasPrefix(lit, "/dev/fd/") || strings.HasPrefix(lit, "/dev/std")) {
		return nil, false // bash opens these itself
	}
	errToOut := words.Redirect{Kind: words.Dup, Fd: 2, From: 1}
	switch r.Op {
	case syntax.RdrIn:
		return []words.Redirect{{Kind: words.In, Fd: fd, Target: target}}, true
	case syntax.RdrOut:
		return []words.Redirect{{Kind: words.Out, Fd: fd, Target: target}}, true
	case syntax.AppOut:
		return []words.Redirect{{Kind: words.Append, Fd: fd, Target: target}}, true
	case syntax.RdrAll:
		return []words.Redirect{{Kind: words.Out, Fd: 1, Target: target}, errToOut}, r.N == nil
	case syntax.AppAll:
		return []words.Redirect{{Kind: words.Append, Fd: 1, Target: target}, errToOut}, r.N == nil
	case syntax.DplOut:
		switch lit, _ := target.Literal(); lit {
		case "1":
			return []words.Redirect{{Kind: words.Dup, Fd: fd, From: 1}}, true
		case "2":
			return []words.Redirect{{Kind: words.Dup, Fd: fd, From: 2}}, true
		}
	}
	return nil, false
}

// word translates a word without expansions.
func (n planner) word(word *syntax.Word) (words.Word, bool) {
	var segs []words.Segment
	brace, list := false, false
	for _, p := range word.Parts {
		text, ok := partText(p)
		if q, isQuoted := p.(*syntax.SglQuoted); !ok || isQuoted && q.Dollar {
			return words.Word{}, false
		}
		if lit, isLit := p.(*syntax.Lit); isLit {
			raw := withoutEscapes(lit.Value)
			if strings.ContainsAny(raw, "*?[]~$`") {
				return words.Word{}, false
			}
			brace = brace || strings.Contains(raw, "{")
			list = list || strings.Contains(raw, ",") || strings.Contains(raw, "..")
		}
		segs = append(segs, n.w.segments(text)...)
	}
	return words.NewWord(segs), !(brace && list)
}

// segments cuts a text at its stand-ins.
func (w *walker) segments(text string) []words.Segment {
	var out []words.Segment
	w.standIns.Split(text, func(lit string) { out = append(out, words.Segment{Text: lit}) }, func(_ byte, id int) {
		if o := w.occs[id]; o.Literal != "" {
			out = append(out, words.Segment{Text: o.Literal})
		} else {
			out = append(out, words.Segment{Ref: o.Ref, IsRef: true})
		}
	})
	return out
}

// withoutEscapes removes each backslash and the byte after it.
func withoutEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
