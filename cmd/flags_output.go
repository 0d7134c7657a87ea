package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fanout/internal/collect"
	"fanout/internal/execute"
	"fanout/internal/plan"
	"fanout/internal/registry"
	"fanout/internal/text"

	"github.com/google/shlex"
	"github.com/spf13/pflag"
)

type outputFlags struct {
	mode      string
	keepOrder bool
	tag       bool
	out       string
	tmpDir    string
}

func (*outputFlags) name() string { return "Output" }

func (f *outputFlags) register(set *pflag.FlagSet) {
	set.Var(oneOf(&f.mode, outputModes()...), "output", "`group` whole jobs, line: whole lines at once, raw: as it comes, none")
	set.BoolVarP(&f.keepOrder, "keep-order", "k", false, "output in the order of the items")
	set.BoolVar(&f.tag, "tag", false, "begin each line with its item and a tab")
	set.StringVarP(&f.out, "out", "o", "", "write standard output to `FILE`, emptied before unless a run goes on (--resume)")
	set.StringVar(&f.tmpDir, "tmpdir", "", "spill output that does not fit into memory to `DIR`")
}

// outputModes is in the order of collect.Mode.
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
		return nil // it is TMPDIR, as far as that can be used
	}
	return directory("--tmpdir", f.tmpDir)
}

type environmentFlags struct {
	dir   string
	env   []string
	shell string
}

func (*environmentFlags) name() string { return "Surroundings" }

func (f *environmentFlags) register(set *pflag.FlagSet) {
	set.StringVarP(&f.dir, "chdir", "C", "", "run jobs in `DIR`")
	set.StringArrayVar(&f.env, "env", nil, "add `K=V` to the environment of jobs, or K as it is here (repeatable)")
	set.StringVar(&f.shell, "shell", "", "run scripts in this `SHELL`, such as dash or 'bash -o pipefail' (default bash, else sh)")
	registerConfig(set)
}

func (f *environmentFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Execute.Environ = os.Environ()
	var err error
	if p.Execute.RunID, err = registry.NewRunID(); err != nil {
		return err
	}
	if given.Changed("chdir") {
		if err := directory("-C", f.dir); err != nil {
			return err
		}
		dir, err := filepath.Abs(f.dir)
		if err != nil {
			return fmt.Errorf("-C %s: %w", text.Name(f.dir), err)
		}
		p.Execute.Dir = dir
	}
	for _, kv := range f.env {
		name, _, valued := strings.Cut(kv, "=")
		if !valued {
			value, set := os.LookupEnv(name)
			if !set {
				return fmt.Errorf("--env %s: there is no such variable here; give a value, as in --env %s=C", text.Name(kv), text.Name(name))
			}
			kv = name + "=" + value
		}
		if name == "" {
			return fmt.Errorf("--env %s: give a name and a value, as in --env LANG=C", text.Name(kv))
		}
		p.Execute.Env = append(p.Execute.Env, kv)
	}
	if p.Execute.ShellForced = given.Changed("shell"); p.Execute.ShellForced {
		if p.Execute.Shell, err = f.shellWords(); err != nil {
			return err
		}
	}
	if !p.IsRemote() { // what is elsewhere is found there
		p.Execute.Shell, err = execute.FindShell(p.Execute.Shell, "")
	}
	return err
}

// shellWords is the shell that the user names, with its options; nil is none.
func (f *environmentFlags) shellWords() ([]string, error) {
	words, err := shlex.Split(f.shell)
	if err != nil {
		return nil, fmt.Errorf("--shell %s: %w", text.Name(f.shell), err)
	}
	if len(words) == 0 {
		return nil, errors.New("--shell is blank: name a shell, such as bash or 'bash -o pipefail'")
	}
	return words, nil
}
