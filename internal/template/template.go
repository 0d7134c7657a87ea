// Package template compiles COMMAND once and turns items into jobs. [Compile] reads a COMMAND into a
// [Template], which knows the words that a job's program gets, or the text and the parameters that a shell
// gets: an item is always an argument and never program text, unless the user asks for just that by
// Spec.Commands. [Template.Jobs] fills batches up to the limits
// of the system. Two packages are below: [script.Script] keeps items out of a script's code, and
// [words.Word] expands placeholders. The package has no side effects.
package template

import (
	"errors"
	"strings"
	"sync"

	"fanout/internal/job"
	"fanout/internal/template/flow"
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
	before   int64    // the greatest seq of earlier runs
	after    bool     // jobs of one item are numbered from there on, too
	texts    sync.Map // number of items → text of the script
}

// Compile reads COMMAND, and refuses it if an item could become code.
func Compile(spec Spec) (*Template, error) {
	if spec.Commands {
		return &Template{spec: spec, scope: spec.scope(), form: ScriptForm}, nil
	}
	if len(spec.Command) == 0 || len(spec.Command) == 1 && spec.Command[0] == "" {
		return nil, &words.Error{Msg: "COMMAND is empty", Hint: "see fanout --help"}
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

// compile is the part of Compile that decides between a program and a script.
func (t *Template) compile() error {
	defer func() { t.warnings = append(t.warnings, foreign(t.scope, t.spec.Command, t.form == ScriptForm)...) }()
	options := script.Options{
		Scope: t.scope, Piped: t.spec.Pipe, Programs: flow.NewPrograms(t.spec.Programs...), Shell: t.spec.Shell,
	}
	isScript, err := script.IsScript(t.scope, t.spec.Command)
	if err != nil {
		return err
	}
	if !isScript {
		t.plan, t.warnings, err = script.CompileProgram(t.spec.Command, options)
		if err != nil {
			return err
		}
		t.sizes = t.plan.Sizes()
		return nil
	}
	t.form = ScriptForm
	if t.script, err = script.Compile(t.spec.Command[0], options); err != nil {
		return err
	}
	t.plan, t.warnings = t.script.Plan, t.script.Warnings
	t.sizes = t.script.Sizes()
	return nil
}

// NumberAfter makes the jobs of several items continue after the number last. A job of one item keeps the
// number of its item, unless all is set.
func (t *Template) NumberAfter(last int64, all bool) { t.before, t.after = last, all }

// Warnings lists, for the user, what was accepted but may not be what was meant.
func (t *Template) Warnings() []string { return t.warnings }

// Picked lists the fields that COMMAND uses, for Rows.Pick. The nth name is field n.
func (t *Template) Picked() []string { return t.scope.Picked() }

// Highest is the greatest number of a field that COMMAND uses.
func (t *Template) Highest() int { return t.scope.Highest() }

// Named is the greatest number of a batch's item that COMMAND names; 0 if it names no number.
func (t *Template) Named() int { return t.scope.Nth() }

// Counts reports whether COMMAND has {##}: jobs need their Total.
func (t *Template) Counts() bool { return t.scope.Counts() }

// Form says how COMMAND was read.
func (t *Template) Form() Form { return t.form }

// Plan returns the way to run COMMAND without a shell; nil if it needs one.
func (t *Template) Plan() *words.Plan { return t.plan }

// Shell returns the text and the parameters to run SHELL -c TEXT NAME PARAM.... The text depends on the
// number of the job's items and on nothing else.
func (t *Template) Shell(j job.Job) (script string, params []string, err error) {
	if t.spec.Commands {
		script, err = command(j)
		return script, nil, err
	}
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

// Stdin returns the input of the job, piece by piece; nil without Pipe.
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
