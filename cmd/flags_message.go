package cmd

import (
	"errors"
	"os"
	"strings"

	"fanout/internal/plan"
	"fanout/internal/progress"
	"fanout/internal/sysio"

	"github.com/spf13/pflag"
)

// messageFlags are for what fanout itself has to say.
type messageFlags struct {
	progress string
	quiet    bool
	verbose  int
	level    string
	format   string
}

func (*messageFlags) name() string { return "Messages" }

func (f *messageFlags) register(set *pflag.FlagSet) {
	set.VarP(oneOf(&f.progress, "auto", "bars", "plain", "json", "none"), "progress", "p", "`bars`, plain: lines, json: an object a second, none; auto: what suits stderr")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "no summary of failures, no warnings, no progress")
	set.CountVarP(&f.verbose, "verbose", "v", "a line of a log for each job that ends; -vv: also for each that begins")
	set.Var(oneOf(&f.level, "off", "debug", "info", "warn", "error"), "log-level", "of these lines, those of `LEVEL`: debug, info, warn, error")
	set.Var(oneOf(&f.format, "text", "json"), "log-format", "`text` or json")
}

func (f *messageFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	if err := f.applyLog(p, given); err != nil {
		return err
	}
	p.Quiet = f.quiet
	where := lookAt(os.Stderr)
	p.Progress.Color, p.Progress.ASCII = where.color, where.ascii
	switch f.progress {
	case "plain":
		p.Progress.Mode = progress.Plain
	case "json":
		p.Progress.Mode = progress.JSON
	case "none":
		p.Progress.Mode = progress.None
	case "auto", "bars":
		p.Progress.Mode = where.mode(f.progress == "bars")
		if f.quiet && f.progress == "auto" {
			p.Progress.Mode = progress.None
		}
	}
	return nil
}

// applyLog is for the lines of a log.
func (f *messageFlags) applyLog(p *plan.Plan, given *pflag.FlagSet) error {
	if f.verbose > 0 && (f.quiet || given.Changed("log-level")) {
		return errors.New("-v excludes -q and --log-level: it is --log-level info, and -vv is debug")
	}
	switch {
	case f.verbose == 1:
		f.level = "info"
	case f.verbose > 1:
		f.level = "debug"
	}
	p.Log.JSON = f.format == "json"
	if p.Log.On = f.level != "off"; !p.Log.On {
		return nil
	}
	return p.Log.Level.UnmarshalText([]byte(f.level))
}

// surroundings is where messages go to, and what that can show.
type surroundings struct {
	terminal bool // one that can move its cursor
	ci       bool
	color    bool
	ascii    bool
}

// lookAt finds them out, as no-color.org and bixense.com/clicolors ask for.
func lookAt(f *os.File) surroundings {
	set := func(name string) bool { v := os.Getenv(name); return v != "" && v != "0" && v != "false" }
	s := surroundings{ci: set("CI") || set("GITHUB_ACTIONS")}
	s.terminal = sysio.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	s.color = (s.terminal || set("CLICOLOR_FORCE")) && os.Getenv("NO_COLOR") == ""
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			s.ascii = !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
			return s
		}
	}
	s.ascii = true
	return s
}

// inActions says that messages go to the log of a step in GitHub Actions.
func inActions() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// mode is the best way to show progress there.
func (s surroundings) mode(wanted bool) progress.Mode {
	switch {
	case s.terminal && (wanted || !s.ci):
		return progress.Bars
	case s.ci:
		return progress.Plain
	default:
		return progress.Late
	}
}
