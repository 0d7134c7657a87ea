package template

import (
	"fmt"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// Fixed is a COMMAND that is run once for many items, and so holds none: its words, or
// one script.
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

func placed(where string) error {
	return &words.Error{
		Msg:  fmt.Sprintf("%s: a program that is started once for many items has no item among its arguments", where),
		Hint: "it reads them from its standard input; {{}} is a literal {}",
	}
}
