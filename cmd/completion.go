package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fanout/internal/run"
	"fanout/internal/text"
)

// completions sets what a shell offers: programs for COMMAND, the values of flags that take a few words, profiles, and
// otherwise files.
func completions(root *cobra.Command) {
	root.ValidArgsFunction = completeCommand
	offerWords(root)
	_ = root.RegisterFlagCompletionFunc("profile", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return profileNames(c.Flags()), cobra.ShellCompDirectiveNoFileComp
	})
	for _, flag := range []string{"chdir", "results", "error-dir", "tmpdir"} {
		_ = root.MarkFlagDirname(flag)
	}
}

// shells are those for which completion prints a script and people ask. Powershell is there, too.
const shells = "bash, zsh or fish"

// nameShells makes the subcommand that prints completions say in fanout's words what it needs.
func nameShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c := subcommand(root, "completion")
	if c == nil {
		return
	}
	c.Use = "completion SHELL"
	c.Short = "print the completion for a shell"
	c.Long = "completion prints a completion for SHELL: " + shells + ".\nfanout completion SHELL --help says how to install it."
	c.DisableFlagsInUseLine = true
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &run.UsageError{Err: errors.New("completion: name a shell: " + shells)}
		}
		return &run.UsageError{Err: fmt.Errorf("completion: there is none for %s; name %s", text.Name(args[0]), shells)}
	}
	for _, shell := range c.Commands() {
		shell.Args = noArgs
	}
}

// offerWords offers the values of flags that take one of a few words.
func offerWords(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if words := wordsOf(f); words != nil {
			// it fails only if it was done before
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}

// completes reports whether a shell asks for completions.
func completes(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
}

// completeCommand offers programs for COMMAND, and files after it.
func completeCommand(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || strings.Contains(begun, "/") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return programs(begun), cobra.ShellCompDirectiveDefault
}

// programs lists the programs on PATH whose names have a beginning.
func programs(begin string) []string {
	var names []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), begin) {
				continue
			}
			if st, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// profileNames lists the profiles of the configuration, if it can be read.
func profileNames(set *pflag.FlagSet) []string {
	s := &settings{origins: map[string]string{}}
	if s.choose(set, environment()) != nil || s.path == "" {
		return nil
	}
	values, err := s.load()
	if err != nil {
		return nil
	}
	table, _ := values[profilesKey].(map[string]any)
	var names []string
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
