package script

import (
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// given is the text of a script, and what is known of its items.
type given struct {
	text    string
	batch   int // less than 0: as many as the limits allow
	sources int
	piped   bool
	shell   string
}

func (g given) scope() *words.Scope {
	return &words.Scope{Sources: g.sources, Several: g.batch > 1 || g.batch < 0, Batch: max(g.batch, 0)}
}

func (g given) options() Options {
	return Options{Scope: g.scope(), Piped: g.piped, Programs: flow.NewPrograms(), Shell: g.shell}
}

func (g given) compile() (*Script, error) {
	return Compile(g.text, g.options())
}

func compile(text string) (*Script, error) { return given{text: text}.compile() }

func mustCompile(t testing.TB, g given) *Script {
	t.Helper()
	s, err := g.compile()
	if err != nil {
		t.Fatalf("%q: %v", g.text, err)
	}
	return s
}

// shell returns the text and the parameters that a shell gets for a job.
func (s *Script) shell(j job.Job) (string, []string, error) {
	params, err := s.Params(j)
	return s.Render(len(j.Items)), params, err
}

// items makes a batch of items without fields.
func items(texts ...string) []job.Item {
	var out []job.Item
	for i, s := range texts {
		out = append(out, job.Item{Seq: int64(i + 1), Fields: []string{s}})
	}
	return out
}
