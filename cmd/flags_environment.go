package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fanout/internal/execute"
	"fanout/internal/plan"
	"fanout/internal/registry"
	"fanout/internal/text"

	"github.com/google/shlex"
	"github.com/spf13/pflag"
)

// environmentFlags say what a job finds around it, and where fanout has its settings from.
type environmentFlags struct {
	dir   string
	env   []string
	shell string

	noGuardian bool
}

func (*environmentFlags) name() string { return "Environment" }

func (f *environmentFlags) register(set *pflag.FlagSet) {
	set.StringVarP(&f.dir, "chdir", "C", "", "run jobs in `DIR`")
	set.StringArrayVar(&f.env, "env", nil, "set a variable of jobs to `K=V`, or K to its value here (repeatable)")
	set.StringVar(&f.shell, "shell", "", "run scripts in `SHELL`, such as dash or 'bash -o pipefail' (default bash, or sh)")
	registerConfig(set)
	set.BoolVar(&f.noGuardian, "no-guardian", false, "run without a guardian, for debugging; must be the first flag")
}

func (f *environmentFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.NoGuardian = f.noGuardian
	p.Execute.Environ = os.Environ()
	var err error
	if p.Execute.RunID, err = registry.NewRunID(); err != nil {
		return err
	}
	if given.Changed("chdir") {
		if err := directory("-C", f.dir); err != nil {
			return fmt.Errorf("%w%s", err, likened(given.Lookup("chdir"), f.dir))
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
				return fmt.Errorf("--env %s: this variable is not set here; give it a value, as in --env %s=C", text.Name(kv), text.Name(name))
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
	if !p.IsRemote() { // else the worker looks for its shell
		p.Execute.Shell, err = execute.FindShell(p.Execute.Shell, "")
	}
	return err
}

// shellWords splits --shell into the shell and its options.
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
