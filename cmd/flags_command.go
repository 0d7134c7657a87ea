package cmd

import (
	"fmt"
	"strings"

	"fanout/internal/plan"
	"fanout/internal/template"

	"github.com/spf13/pflag"
)

// commandFlags say what a job is made of.
type commandFlags struct {
	batch  int
	pipe   bool
	dryRun bool

	commands bool
	programs string
}

func (*commandFlags) name() string { return "Command" }

func (f *commandFlags) register(set *pflag.FlagSet) {
	set.VarP(valueOf(&f.batch, "1", batchSize), "batch", "n", "give a job `N` items (default 1), all that fit (max), or an even share (even)")
	set.BoolVar(&f.pipe, "pipe", false, "give jobs their items on standard input instead of as arguments")
	set.BoolVar(&f.commands, "commands", false, "run each item itself, a line of bash, as a job: there is no COMMAND")
	set.BoolVar(&f.dryRun, "dry-run", false, "print the commands that would run, and run nothing")
	registerPrograms(set, &f.programs)
}

func (f *commandFlags) apply(p *plan.Plan, _ *pflag.FlagSet) error {
	p.Template.Pipe = f.pipe
	p.Template.Batch = f.batch
	p.Template.Commands, p.Input.Commands = f.commands, f.commands
	p.DryRun = f.dryRun
	var err error
	p.Template.Programs, err = readPrograms(f.programs)
	return err
}

// batchSize parses -n.
func batchSize(s string) (int, error) {
	switch strings.ToLower(s) {
	case "max":
		return template.BatchMax, nil
	case "even":
		return template.BatchEven, nil
	}
	n, err := wholeFrom(1)(s)
	if err != nil {
		return 0, fmt.Errorf("%w, max or even", err)
	}
	return n, nil
}
