package cmd

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fanout/internal/collect"
	"fanout/internal/plan"
	"fanout/internal/process"

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
	set.StringVar(&f.mode, "output", "group", "`group` whole jobs, line: whole lines at once, raw: as it comes, none")
	set.BoolVarP(&f.keepOrder, "keep-order", "k", false, "output in the order of the items")
	set.BoolVar(&f.tag, "tag", false, "begin each line with its item and a tab")
	set.StringVarP(&f.out, "out", "o", "", "write standard output to `FILE`")
	set.StringVar(&f.tmpDir, "tmpdir", os.TempDir(), "spill output that does not fit into memory to `DIR`")
	set.Lookup("tmpdir").DefValue = "" // it differs from user to user, and is known
}

func (f *outputFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	modes := []string{"group", "line", "raw", "none"} // in the order of collect.Mode
	mode := slices.Index(modes, f.mode)
	if mode < 0 {
		return fmt.Errorf("--output %s: the ways are %s", f.mode, strings.Join(modes, ", "))
	}
	p.Collect.Mode = collect.Mode(mode)
	p.Collect.KeepOrder = f.keepOrder
	p.Collect.Tag = f.tag
	p.Records.Folded = inActions() && given.Changed("output") && f.mode == "group" && !f.tag && f.out == ""
	p.Collect.TmpDir = f.tmpDir
	p.Out = f.out
	if given.Changed("out") && f.out == "" {
		return errors.New("-o: the name of the file is empty")
	}
	return directory("--tmpdir", f.tmpDir)
}

type placeFlags struct {
	dir   string
	env   []string
	shell string
}

func (*placeFlags) name() string { return "Surroundings" }

func (f *placeFlags) register(set *pflag.FlagSet) {
	set.StringVarP(&f.dir, "chdir", "C", "", "run jobs in `DIR`")
	set.StringArrayVar(&f.env, "env", nil, "add `K=V` to the environment of jobs (repeatable)")
	set.StringVar(&f.shell, "shell", "", "run scripts in this `SHELL`, such as dash or 'bash -o pipefail' (default bash, else sh)")
	registerConfig(set)
}

func (f *placeFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Execute.Environ = os.Environ()
	p.Execute.RunID = newRunID()
	if given.Changed("chdir") {
		if err := directory("-C", f.dir); err != nil {
			return err
		}
		dir, err := filepath.Abs(f.dir)
		if err != nil {
			return fmt.Errorf("-C %s: %w", f.dir, err)
		}
		p.Execute.Dir = dir
	}
	for _, kv := range f.env {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return fmt.Errorf("--env %s: give a name and a value, as in --env LANG=C", kv)
		}
	}
	p.Execute.Env = f.env
	var err error
	p.Execute.ShellForced = given.Changed("shell")
	if p.Execute.ShellForced {
		p.Execute.Shell, err = f.givenShell()
	} else {
		p.Execute.Shell = defaultShell()
	}
	return err
}

// defaultShell is bash, else sh.
func defaultShell() []string {
	for _, name := range []string{"bash", "sh"} {
		if found, err := process.LookPath(name, searchPath(), ""); err == nil {
			return []string{found}
		}
	}
	return []string{"/bin/sh"}
}

func searchPath() string {
	if path, set := os.LookupEnv("PATH"); set {
		return path
	}
	return process.DefaultPath
}

// givenShell is the shell that the user names, with its options.
func (f *placeFlags) givenShell() ([]string, error) {
	words, err := shlex.Split(f.shell)
	if err != nil {
		return nil, fmt.Errorf("--shell %s: %w", f.shell, err)
	}
	if len(words) == 0 {
		return nil, errors.New("--shell is blank: name a shell, such as bash or 'bash -o pipefail'")
	}
	found, err := process.LookPath(words[0], searchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("--shell %s: %w", words[0], err)
	}
	words[0], err = filepath.Abs(found)
	return words, err
}

// newRunID is 128 random bits, so that no two runs share it.
func newRunID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
