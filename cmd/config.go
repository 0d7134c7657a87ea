package cmd

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"fanout/internal/run"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// registerConfig adds the flags that name the configuration and a profile in it.
func registerConfig(set *pflag.FlagSet) {
	set.String("config", "", "read defaults of flags from `FILE` (YAML, TOML or JSON); '': from none")
	set.String("profile", "", "use profile `NAME` of the configuration")
}

const configLong = `config prints the value of every flag and its origin: the command line, a variable such as
FANOUT_WORKERS, a profile, the configuration or the default; the first that sets it counts.
The configuration is a file of flags by their long names:

  workers: 8
  timeout: 90s
  env: [LANG=C, TZ=UTC]
  profiles:
    gentle:
      workers: 2
      rate: 5/s

fanout config path prints where it is, or would be: config.yaml, .toml or .json in
$XDG_CONFIG_HOME/fanout, or in ~/.config/fanout if that variable is not set.`

func (a *app) config() *cobra.Command {
	f := newFlags()
	command := &cobra.Command{
		Use:   "config [flags of fanout]",
		Short: "print the value of every flag and its origin",
		Long:  configLong,
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set := f.all()
			from, err := applySettings(set)
			if err != nil {
				return &run.UsageError{Err: err}
			}
			return writeSettings(c.OutOrStdout(), set, from)
		},
	}
	f.addTo(command.Flags())
	f.hide()
	command.AddCommand(a.configPath())
	return command
}

// configPath is the subcommand fanout config path.
func (a *app) configPath() *cobra.Command {
	command := &cobra.Command{
		Use:   "path",
		Short: "print where the configuration is, or would be",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s := &settings{origins: map[string]string{}}
			if err := s.choose(c.Flags(), environment()); err != nil {
				return &run.UsageError{Err: err}
			}
			if s.path == "" {
				paths, err := configPaths()
				if err != nil {
					return fmt.Errorf("no directory for a configuration: %w", err)
				}
				s.path = paths[0]
			}
			if sysio.IsTerminal(int(a.io.Stdout.Fd())) { // a program needs it as it is
				s.path = text.Plain(s.path)
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), s.path)
			return err
		},
	}
	registerConfig(command.Flags())
	return command
}

// writeSettings writes each flag with its value, as a configuration has it, and its origin.
func writeSettings(w io.Writer, set *pflag.FlagSet, from *settings) error {
	t := newTable("FLAG", "VALUE", "FROM")
	set.VisitAll(func(f *pflag.Flag) {
		origin := from.origins[f.Name]
		if origin == "" {
			origin = "default"
		}
		t.add(f.Name, words([]string{value(f)}), words([]string{origin}))
	})
	_, err := t.WriteTo(w)
	return err
}

// value returns the value of a flag as a configuration has it.
func value(f *pflag.Flag) string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		var quoted []string
		for _, v := range list.GetSlice() {
			quoted = append(quoted, strconv.Quote(v))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	if text := f.Value.String(); text != "" && text == strings.TrimSpace(text) {
		return text
	}
	return strconv.Quote(f.Value.String())
}
