package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"fanout/internal/run"
	"fanout/internal/template"
	"fanout/internal/text"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const programsLong = `programs prints what fanout knows of programs: which of their arguments are code,
what they read and what they print. It needs this to keep items out of code. Without NAME,
it prints all of it. fanout help programs explains the lines.`

const programsFlag = "programs"

func registerPrograms(set *pflag.FlagSet, file *string) {
	set.StringVar(file, programsFlag, "", "know more programs, from `FILE` (see fanout help programs)")
}

func (a *app) programs() *cobra.Command {
	f := newFlags()
	command := &cobra.Command{
		Use:   "programs [--programs FILE] [NAME]...",
		Short: "print what fanout knows of programs",
		Long:  programsLong,
		RunE: func(command *cobra.Command, names []string) error {
			set := f.all()
			if _, err := applySettings(set); err != nil {
				return &run.UsageError{Err: err}
			}
			files, err := readPrograms(set.Lookup(programsFlag).Value.String())
			if err != nil {
				return &run.UsageError{Err: err}
			}
			return printPrograms(command.OutOrStdout(), files, names)
		},
	}
	f.addTo(command.Flags())
	f.hide()
	command.Flags().Lookup(programsFlag).Hidden = false
	return command
}

// readPrograms reads the file of --programs.
func readPrograms(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	facts, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", programsFlag, err)
	}
	if err := template.CheckPrograms(string(facts)); err != nil {
		return nil, fmt.Errorf("--%s %s: %w", programsFlag, text.Name(file), err)
	}
	return []string{string(facts)}, nil
}

func printPrograms(out io.Writer, files, names []string) error {
	if len(names) == 0 {
		for _, facts := range append(files, template.AllProgramFacts()) {
			if _, err := io.WriteString(out, facts); err != nil {
				return err
			}
		}
		return nil
	}
	var unknown error
	for _, name := range names {
		line, known := template.ProgramFacts(name, files...)
		if !known {
			unknown = errors.Join(unknown, fmt.Errorf("%s: nothing is known of this program; fanout help programs tells how to add it", text.Name(name)))
			continue
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return unknown
}
