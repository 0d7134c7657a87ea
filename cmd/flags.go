package cmd

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"fanout/internal/execute"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/remote"
	"fanout/internal/sysio"
	"fanout/internal/template"
	"fanout/internal/text"

	"github.com/spf13/pflag"
)

// group is the flags of one concern, which --help shows together. It turns them into its part of the plan.
type group interface {
	name() string
	register(*pflag.FlagSet)
	apply(*plan.Plan, *pflag.FlagSet) error
}

// flags holds all flags of the root command, by concern.
type flags struct {
	groups  []group
	remote  *remoteFlags     // one of the groups
	sets    []*pflag.FlagSet // one for each group, in the same order
	line    line             // the command line as it was typed
	sourced bool             // there are sources after COMMAND
}

// planned is a plan with what is known about its flags.
type planned struct {
	plan.Plan
	from   *settings
	all    *pflag.FlagSet
	noTemp error    // why TMPDIR is not used
	hints  []string // about the words from COMMAND on
	behind string   // a hint about the first word, if it is not a program
}

func newFlags() *flags {
	workers := &workerFlags{}
	others := &remoteFlags{workers: workers}
	f := &flags{remote: others, groups: []group{
		&inputFlags{}, &commandFlags{}, workers, &failureFlags{}, &outputFlags{}, &recordFlags{}, &messageFlags{},
		others, &environmentFlags{},
	}}
	for _, g := range f.groups {
		set := pflag.NewFlagSet(g.name(), pflag.ContinueOnError)
		set.SortFlags = false
		g.register(set)
		f.sets = append(f.sets, set)
	}
	return f
}

// addTo adds the flags of all groups except the idle ones.
func (f *flags) addTo(set *pflag.FlagSet, idle ...string) {
	for i, g := range f.groups {
		if !slices.Contains(idle, g.name()) {
			set.AddFlagSet(f.sets[i])
		}
	}
}

// hide keeps a subcommand that takes all flags from listing them: fanout --help lists them.
func (f *flags) hide() {
	for _, set := range f.sets {
		set.VisitAll(func(f *pflag.Flag) { f.Hidden = true })
	}
}

// all returns the flags of all groups.
func (f *flags) all() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	f.addTo(set)
	return set
}

// plan turns the flags and the words after them into a plan. Idle groups have no part in it.
func (f *flags) plan(args []string, idle ...string) (p planned, err error) {
	p.all = f.all()
	if p.from, err = applySettings(p.all); err != nil {
		return p, err
	}
	command, sources, err := splitSources(args)
	if err == nil {
		err = f.line.checkBare()
	}
	if err != nil {
		return p, err
	}
	p.Template.Command = command
	p.Input.Sources = sources
	f.sourced = len(sources) > 0
	if err := f.check(p.all, idle); err != nil {
		return p, p.from.blame(p.all, err)
	}
	for i, g := range f.groups {
		if slices.Contains(idle, g.name()) {
			continue
		}
		if err := g.apply(&p.Plan, f.sets[i]); err != nil {
			return p, p.from.blame(f.sets[i], err)
		}
	}
	if err := checkPresence(command, p.Template.Commands); err != nil {
		return p, p.from.blame(p.all, err)
	}
	if err := checkFirst(command, len(p.Input.Sources) > 0, findIn(p.Execute.Dir)); err != nil {
		if late := lateFlags(p.all, command); late != "" {
			err = errors.New(late)
		}
		return p, err
	}
	if p.Collect.TmpDir == "" {
		p.Collect.TmpDir, p.noTemp = sysio.TempDir()
	}
	p.hints = hintsOf(p.all, args)
	p.behind = f.line.behind()
	p.Plan, err = plan.Resolve(p.Plan, facts(p.Plan))
	return p, err
}

// check applies the rules to the flags of all groups except the idle ones.
func (f *flags) check(set *pflag.FlagSet, idle []string) error {
	if len(idle) > 0 {
		set = pflag.NewFlagSet("", pflag.ContinueOnError)
		f.addTo(set, idle...)
	}
	g := given{set: set, backend: remote.Local, sources: f.sourced}
	if !slices.Contains(idle, f.remote.name()) {
		g.backend, _ = f.remote.chosen()
	}
	return g.check(rules())
}

// facts returns what a plan depends on and flags do not say.
func facts(p plan.Plan) (f plan.Facts) {
	one, total := process.ArgLimits(execute.Variables(p.Execute))
	f.Limits = template.Limits{Arg: one, Total: total}
	if p.IsRemote() {
		f.WorkDir, f.NoWorkDir = os.Getwd()
	}
	return f
}

// directory checks that a flag names a directory.
func directory(flag, dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%s %q: %w", flag, dir, text.Cause(err))
	}
	if !st.IsDir() {
		return fmt.Errorf("%s %q: not a directory", flag, dir)
	}
	return nil
}
