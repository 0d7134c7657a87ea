package execute

import "fanout/internal/template/words"

// plan is a template's plan whose programs have been found.
type plan struct {
	steps     []step
	inline    bool // fanout itself does all of it
	redirects bool // files are opened, whose names may come from items
	stages    int  // of its longest pipeline
}

type step struct {
	op       words.Op
	commands []command
}

type command struct {
	words.Command
	path string // "": fanout does the command itself, or the item names the program
}

func newPlan(p *words.Plan, paths [][]string) *plan {
	out := &plan{inline: true}
	for i, s := range p.Steps {
		st := step{op: s.Op}
		for k, c := range s.Pipeline {
			st.commands = append(st.commands, command{Command: c, path: paths[i][k]})
			out.redirects = out.redirects || len(c.Redirects) > 0
			out.inline = out.inline && c.Builtin != "" && len(c.Redirects) == 0
		}
		out.inline = out.inline && len(st.commands) == 1
		out.stages = max(out.stages, len(st.commands))
		out.steps = append(out.steps, st)
	}
	return out
}

// skip reports whether a step is passed over after this status of the one before.
func (s step) skip(status int) bool {
	return s.op == words.And && status != 0 || s.op == words.Or && status == 0
}

// single reports whether the plan is one command, with whose end the job ends.
func (p *plan) single() bool { return len(p.steps) == 1 && len(p.steps[0].commands) == 1 }
