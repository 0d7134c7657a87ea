// Package template compiles COMMAND once and turns items into jobs. It knows
// which words a job's program gets, and which text and parameters a shell gets:
// an item is always an argument and never program text. It has no side effects.
package template

import (
	"errors"
	"strings"
	"sync"

	"fanout/internal/job"
	"fanout/internal/template/script"
	"fanout/internal/template/words"
)

// Template is a compiled COMMAND. It is safe for concurrent use.
type Template struct {
	spec     Spec
	scope    *words.Scope
	form     Form
	plan     *words.Plan
	script   *script.Script // of ScriptForm
	warnings []string
	sizes    []words.ExecSize
	before   int64    // the greatest number of a job in earlier runs
	after    bool     // jobs of one item are numbered from there on, too
	texts    sync.Map // number of items → text of the script
}

// Compile reads COMMAND, and refuses it if an item could become code.
func Compile(spec Spec) (*Template, error) {
	if len(spec.Command) == 0 || len(spec.Command) == 1 && spec.Command[0] == "" {
		return nil, &words.Error{Msg: "there is no command"}
	}
	for _, word := range spec.Command {
		if strings.IndexByte(word, 0) >= 0 {
			return nil, &words.Error{Msg: "a command cannot hold a NUL byte"}
		}
	}
	t := &Template{spec: spec, scope: spec.scope()}
	if err := t.compile(); err != nil {
		return nil, err
	}
	if !spec.Pipe {
		t.warnings = append(t.warnings, t.scope.Unused()...)
	}
	return t, nil
}

// compile is the rest of Compile.
func (t *Template) compile() error {
	defer func() { t.warnings = append(t.warnings, foreign(t.scope, t.spec.Command, t.form == ScriptForm)...) }()
	isScript, err := script.IsScript(t.scope, t.spec.Command)
	if err != nil {
		return err
	}
	if !isScript {
		t.plan, t.warnings, err = script.CompileProgram(t.scope, t.spec.Command, t.spec.Pipe)
		if err != nil {
			return err
		}
		t.sizes = t.plan.Sizes()
		return nil
	}
	t.form = ScriptForm
	if t.script, err = script.Compile(t.scope, t.spec.Command[0], t.spec.Pipe); err != nil {
		return err
	}
	t.plan, t.warnings = t.script.Plan, t.script.Warnings
	t.sizes = t.script.Sizes()
	return nil
}

// NumberAfter has the jobs of several items be numbered from there on. Those of one have the
// counter of their item, unless all are to be numbered so.
func (t *Template) NumberAfter(last int64, all bool) { t.before, t.after = last, all }

// Warnings are for the user: what was accepted and may not be what was meant.
func (t *Template) Warnings() []string { return t.warnings }

// Picked lists the fields that COMMAND uses, for Rows.Pick. The nth is field n.
func (t *Template) Picked() []string { return t.scope.Picked() }

// Highest is the greatest number of a field that COMMAND uses.
func (t *Template) Highest() int { return t.scope.Highest() }

// Named is the number of items that a batch should have because COMMAND names each; 0 if it names none.
func (t *Template) Named() int { return t.scope.Nth() }

// Form tells how COMMAND was read.
func (t *Template) Form() Form { return t.form }

// Plan is how COMMAND runs without a shell; nil if it needs one.
func (t *Template) Plan() *words.Plan { return t.plan }

// Shell gives the text and the parameters to run SHELL -c TEXT NAME PARAM...
// The text depends on the number of the job's items and on nothing else.
func (t *Template) Shell(j job.Job) (script string, params []string, err error) {
	if t.script == nil {
		return "", nil, errors.New("a program has no script")
	}
	if params, err = t.script.Params(j); err != nil {
		return "", nil, err
	}
	if text, ok := t.texts.Load(len(j.Items)); ok {
		return text.(string), params, nil
	}
	text := t.script.Render(len(j.Items))
	t.texts.Store(len(j.Items), text)
	return text, params, nil
}

// Stdin is what to write to the job's stdin, piece by piece; nil without Pipe.
func (t *Template) Stdin(j job.Job) []string {
	if !t.spec.Pipe {
		return nil
	}
	out := make([]string, 0, 2*len(j.Items))
	for _, it := range j.Items {
		out = append(out, it.String(), t.spec.Terminator)
	}
	return out
}
