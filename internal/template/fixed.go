package template

import (
	"fmt"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// Fixed returns the words or the script of a COMMAND that runs once for many items, and refuses a COMMAND
// with an item in it.
func (t *Template) Fixed() (words []string, isScript bool, err error) {
	if t.form == ScriptForm {
		if src := t.script.Placeholder(); src != "" {
			return nil, false, placed(src)
		}
		text, _, err := t.Shell(job.Job{})
		return []string{text}, true, err
	}
	for i, w := range t.plan.Steps[0].Pipeline[0].Words {
		text, ok := w.Literal()
		if !ok {
			return nil, false, placed(t.spec.Command[i])
		}
		words = append(words, text)
	}
	return words, false, nil
}

// placed refuses a placeholder.
func placed(where string) error {
	return &words.Error{
		Msg:  fmt.Sprintf("%s: a program that runs once for many items cannot have an item among its arguments", where),
		Hint: "it reads the items from its standard input; write {{}} for a literal {}",
	}
}
