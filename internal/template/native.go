package template

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// inProcess are the builtins that fanout does itself.
var inProcess = []string{"echo", "true", "false", ":"}

// shellNames are the builtins and keywords that only a shell can run.
var shellNames = strings.Fields(`. [ alias bg bind break builtin caller cd command compgen complete compopt continue
	declare dirs disown enable eval exec exit export fc fg getopts hash help history jobs kill let local logout mapfile
	popd printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap type typeset
	ulimit umask unalias unset wait
	! [[ ]] { } case coproc do done elif else esac fi for function if in select then time until while`)

// specialVars mean something to the shell that would run the command, or cannot
// be assigned.
var specialVars = []string{"BASHOPTS", "BASHPID", "EUID", "EXECIGNORE", "FUNCNAME", "GLOBIGNORE", "GROUPS", "IFS", "PATH", "POSIXLY_CORRECT", "PPID",
	"SHELLOPTS", "SHLVL", "TIMEFORMAT", "UID", "_"}

// planner translates a script that needs no shell. It is a whitelist like the
// walker: what it does not know makes it give up.
type planner struct{ w *walker }

// nativePlan is nil if the script needs a shell.
func nativePlan(f *syntax.File, w *walker) *Plan {
	n := planner{w}
	var p Plan
	for _, s := range f.Stmts {
		if !n.list(&p, s, Always) {
			return nil
		}
	}
	if len(p.Steps) == 0 {
		return nil
	}
	return &p
}

// fieldList adds what && and || join. They bind to the left, equally strong.
func (n planner) list(p *Plan, s *syntax.Stmt, op Op) bool {
	b, ok := s.Cmd.(*syntax.BinaryCmd)
	if !ok || b.Op == syntax.Pipe || b.Op == syntax.PipeAll {
		step := Step{Op: op}
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
	second := And
	if b.Op == syntax.OrStmt {
		second = Or
	}
	return n.list(p, b.X, op) && n.list(p, b.Y, second)
}

func plainStmt(s *syntax.Stmt) bool {
	return !s.Background && !s.Negated && !s.Coprocess && !s.Disown
}

func (n planner) pipeline(step *Step, s *syntax.Stmt) bool {
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
		last.Redirects = append(last.Redirects, Redirect{Kind: Dup, Fd: 2, From: 1})
	}
	return n.pipeline(step, b.Y)
}

func (n planner) command(s *syntax.Stmt) (Command, bool) {
	var c Command
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
	if !ok || name == "" || name[0] == '%' || slices.Contains(shellNames, name) {
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

func (n planner) assign(a *syntax.Assign) (Assign, bool) {
	if a.Append || a.Naked || a.Name == nil || a.Index != nil || a.Array != nil {
		return Assign{}, false
	}
	out := Assign{Name: a.Name.Value}
	if slices.Contains(specialVars, out.Name) || slices.Contains(integerVars, out.Name) || strings.HasPrefix(out.Name, "BASH") ||
		strings.HasPrefix(out.Name, "LC_") || out.Name == "LANG" {
		return out, false
	}
	if a.Value == nil {
		return out, true
	}
	var ok bool
	out.Value, ok = n.word(a.Value)
	return out, ok
}

// redirect translates one redirection; &> is two.
func (n planner) redirect(r *syntax.Redirect) ([]Redirect, bool) {
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
	errToOut := Redirect{Kind: Dup, Fd: 2, From: 1}
	switch r.Op {
	case syntax.RdrIn:
		return []Redirect{{Kind: In, Fd: fd, Target: target}}, true
	case syntax.RdrOut:
		return []Redirect{{Kind: Out, Fd: fd, Target: target}}, true
	case syntax.AppOut:
		return []Redirect{{Kind: Append, Fd: fd, Target: target}}, true
	case syntax.RdrAll:
		return []Redirect{{Kind: Out, Fd: 1, Target: target}, errToOut}, r.N == nil
	case syntax.AppAll:
		return []Redirect{{Kind: Append, Fd: 1, Target: target}, errToOut}, r.N == nil
	case syntax.DplOut:
		switch lit, _ := target.Literal(); lit {
		case "1":
			return []Redirect{{Kind: Dup, Fd: fd, From: 1}}, true
		case "2":
			return []Redirect{{Kind: Dup, Fd: fd, From: 2}}, true
		}
	}
	return nil, false
}

// word translates a word without expansions.
func (n planner) word(word *syntax.Word) (Word, bool) {
	var segs []Segment
	brace, list := false, false
	for _, p := range word.Parts {
		text, ok := partText(p)
		if q, isQuoted := p.(*syntax.SglQuoted); !ok || isQuoted && q.Dollar {
			return Word{}, false
		}
		if lit, isLit := p.(*syntax.Lit); isLit {
			raw := withoutEscapes(lit.Value)
			if strings.ContainsAny(raw, "*?[]~$`") {
				return Word{}, false
			}
			brace = brace || strings.Contains(raw, "{")
			list = list || strings.Contains(raw, ",") || strings.Contains(raw, "..")
		}
		segs = append(segs, n.w.segments(text)...)
	}
	return NewWord(segs), !(brace && list)
}

// segments cuts text at its stand-ins.
func (w *walker) segments(text string) []Segment {
	var out []Segment
	w.standIns.split(text, func(lit string) { out = append(out, Segment{Text: lit}) }, func(_ byte, id int) {
		if o := w.occs[id]; o.Literal != "" {
			out = append(out, Segment{Text: o.Literal})
		} else {
			out = append(out, Segment{Ref: o.Ref, IsRef: true})
		}
	})
	return out
}

// withoutEscapes is what stands in s without a backslash in front.
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
