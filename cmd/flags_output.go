package cmd

import (
	"errors"
	"slices"

	"fanout/internal/collect"
	"fanout/internal/plan"

	"github.com/spf13/pflag"
)

// outputFlags say how the output of jobs is written.
type outputFlags struct {
	mode      string
	keepOrder bool
	tag       bool
	out       string
	tmpDir    string
}

func (*outputFlags) name() string { return "Output" }

func (f *outputFlags) register(set *pflag.FlagSet) {
	set.Var(oneOf(&f.mode, outputModes()...), "output", "print output as `STYLE` group (by job, default), line, raw (as it comes) or none")
	set.BoolVarP(&f.keepOrder, "keep-order", "k", false, "print output in the order of the items")
	set.BoolVar(&f.tag, "tag", false, "begin each line of output with its item and a tab")
	set.StringVarP(&f.out, "out", "o", "", "write standard output to `FILE`; empty it first, but not with --resume")
	set.StringVar(&f.tmpDir, "tmpdir", "", "spill output that does not fit into memory to `DIR` (default $TMPDIR, or /tmp)")
}

// outputModes lists the values of --output in the order of [collect.Mode].
func outputModes() []string { return []string{"group", "line", "raw", "none"} }

func (f *outputFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Collect.Mode = collect.Mode(slices.Index(outputModes(), f.mode))
	p.Collect.KeepOrder = f.keepOrder
	p.Collect.Tag = f.tag
	p.Records.Folded = inActions() && given.Changed("output") && f.mode == "group" && !f.tag && f.out == ""
	p.Collect.TmpDir = f.tmpDir
	p.Out = f.out
	if given.Changed("out") && f.out == "" {
		return errors.New("-o: the name of the file is empty")
	}
	if !given.Changed("tmpdir") {
		return nil // flags.plan takes TMPDIR
	}
	return directory("--tmpdir", f.tmpDir)
}
