package cmd

import (
	"os"

	"fanout/internal/plan"
	"fanout/internal/progress"

	"github.com/spf13/pflag"
)

// messageFlags say what fanout says about itself.
type messageFlags struct {
	progress string
	quiet    bool
	verbose  int
	level    string
	format   string
}

func (*messageFlags) name() string { return "Messages" }

func (f *messageFlags) register(set *pflag.FlagSet) {
	set.VarP(oneOf(&f.progress, "auto", "bars", "plain", "json", "none"), "progress", "p", "show progress as `STYLE` bars, plain (lines), json, none or auto (default)")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "print no summary of failures, no warnings and no progress")
	set.CountVarP(&f.verbose, "verbose", "v", "log each job that ends; -vv: also each one that starts")
	set.Var(oneOf(&f.level, "off", "debug", "info", "warn", "error"), "log-level", "log job events from `LEVEL` on: debug, info, warn, error (default off)")
	set.Var(oneOf(&f.format, "text", "json"), "log-format", "write the log as `FORMAT` text or json")
}

func (f *messageFlags) apply(p *plan.Plan, _ *pflag.FlagSet) error {
	if err := f.applyLog(p); err != nil {
		return err
	}
	p.Quiet = f.quiet
	stderr := lookAt(os.Stderr)
	p.Progress.Color, p.Progress.ASCII = stderr.color, stderr.ascii
	switch f.progress {
	case "plain":
		p.Progress.Mode = progress.Plain
	case "json":
		p.Progress.Mode = progress.JSON
	case "none":
		p.Progress.Mode = progress.None
	case "auto", "bars":
		p.Progress.Mode = stderr.mode(f.progress == "bars")
		if f.quiet && f.progress == "auto" {
			p.Progress.Mode = progress.None
		}
	}
	return nil
}

// applyLog sets which events of jobs are logged.
func (f *messageFlags) applyLog(p *plan.Plan) error {
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
