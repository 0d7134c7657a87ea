package words

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/job"
	"fanout/internal/text"
)

// Display returns the plan for a job as a line for bash.
func (p *Plan) Display(j job.Job) (string, error) {
	var b strings.Builder
	for i, s := range p.Steps {
		if i > 0 {
			b.WriteString([]string{Always: "; ", And: " && ", Or: " || "}[s.Op])
		}
		for k, c := range s.Pipeline {
			if k > 0 {
				b.WriteString(" | ")
			}
			if err := c.display(&b, j); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

func (c Command) display(b *strings.Builder, j job.Job) error {
	for _, a := range c.Assigns {
		v, err := a.Value.Single(j)
		if err != nil {
			return err
		}
		b.WriteString(a.Name + "=" + text.ShellWord(v) + " ")
	}
	argv, err := c.Argv(nil, j)
	if err != nil {
		return err
	}
	for i, a := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i == 0 && syntax.IsKeyword(a) {
			a = QuotePOSIX(a)
		} else {
			a = text.ShellWord(a)
		}
		b.WriteString(a)
	}
	for _, r := range c.Redirects {
		if err := r.display(b, j); err != nil {
			return err
		}
	}
	return nil
}

func (r Redirect) display(b *strings.Builder, j job.Job) error {
	b.WriteByte(' ')
	if r.Kind == In && r.Fd != 0 || r.Kind != In && r.Fd != 1 {
		b.WriteString(strconv.Itoa(r.Fd))
	}
	if r.Kind == Dup {
		b.WriteString(">&" + strconv.Itoa(r.From))
		return nil
	}
	v, err := r.Target.Single(j)
	b.WriteString([]string{In: "<", Out: ">", Append: ">>"}[r.Kind] + text.ShellWord(v))
	return err
}
