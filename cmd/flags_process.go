package cmd

import (
	"fanout/internal/plan"

	"github.com/spf13/pflag"
)

type processFlags struct {
	reap       bool
	noGuardian bool
}

func (*processFlags) name() string { return "Processes" }

func (f *processFlags) register(set *pflag.FlagSet) {
	set.BoolVar(&f.reap, "reap", false, "end what a job leaves running when it has ended")
	set.BoolVar(&f.noGuardian, "no-guardian", false, "no guardian process, for debugging; must be the first flag")
}

func (f *processFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Process.Adopt = true
	p.Process.Reap = f.reap
	p.NoGuardian = f.noGuardian
	return nil
}
