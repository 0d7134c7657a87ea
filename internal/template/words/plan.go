package words

import "fanout/internal/job"

// Plan is a COMMAND that needs no shell. Its steps run one after the other.
type Plan struct {
	Steps []Step
}

// Op is the condition of a step.
type Op uint8

// The conditions of a step.
const (
	Always Op = iota
	And       // only if the step that ran last succeeded
	Or        // only if the step that ran last failed
)

// Step is one pipeline of a plan.
type Step struct {
	Op       Op
	Pipeline []Command
}

// Command is a simple command. Its parts are applied in the order of bash: words, redirections from left to
// right, assignments.
type Command struct {
	Assigns   []Assign
	Words     []Word
	Redirects []Redirect
	Builtin   string // "echo", "true", "false" or ":" if the first word is one of these
}

// Argv appends the expanded words to dst.
func (c Command) Argv(dst []string, j job.Job) ([]string, error) {
	var err error
	for i := range c.Words {
		if dst, err = c.Words[i].Expand(dst, j); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// Assign is a variable in the environment of one command.
type Assign struct {
	Name  string
	Value Word
}

// RedirectKind is one of the redirections that need no shell.
type RedirectKind uint8

// The redirections that need no shell.
const (
	In     RedirectKind = iota // Fd reads the file Target
	Out                        // Fd writes the file Target, truncated
	Append                     // Fd writes at the end of the file Target
	Dup                        // Fd becomes a copy of From
)

// Redirect is one redirection.
type Redirect struct {
	Kind   RedirectKind
	Fd     int
	Target Word // the file of In, Out and Append
	From   int  // the descriptor that Dup copies
}
