// Package cmd is the command line: it turns flags into a [plan.Plan], runs it, and turns the result into an exit code.
package cmd

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"fanout/internal/guardian"
	"fanout/internal/hint"
	"fanout/internal/process"
	"fanout/internal/run"
	"fanout/internal/sink"

	"github.com/spf13/cobra"
)

// Main is the guardian or, in the process that the guardian has the warden start, the runner. It returns the exit code.
//
// The caller must have locked main's goroutine to the first thread, which must do nothing else: the warden takes the
// end of that thread for the guardian's end, and the system hands orphans to it, apart from the children of other
// threads.
func Main(args []string, stdin, stdout, stderr *os.File) int {
	if slices.Equal(args, []string{workerCommand}) {
		return serve(stdin, stdout, stderr)
	}
	if code, ok := hiddenVerb(args, stdin, stdout, stderr); ok {
		return code
	}
	var unguarded error
	if guarded(args) {
		var code int
		var ran bool
		if code, ran, unguarded = guardian.Guard(workerCommand, afterVerb); ran {
			return code
		}
	}
	link := guardian.Attach()
	if link != nil {
		unguarded = link.Lack()
	}
	a := newApp(stdin, stdout, stderr, link)
	a.unguarded = unguarded
	go func() { a.ended <- a.main(args) }()
	end := <-a.ended
	if end.diesOf != 0 {
		process.DieOf(end.diesOf)
	}
	return end.code
}

// main runs a command line.
func (a *app) main(args []string) ending {
	if a.link != nil {
		defer a.link.Close()
		defer a.link.Done()
	}
	stdin, stdout, stderr := a.io.Stdin, a.io.Stdout, a.io.Stderr
	root := a.root()
	nameShells(root)
	if !completes(args) { // completion parses flags several times
		onlyOnceIn(root)
	}
	root.InitDefaultHelpFlag()
	args, wrong := translate(root, args)
	a.args = args
	root.SetArgs(a.args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	a.signals = notify()
	a.obey()
	defer func() { a.disobey() }()
	var err error
	if wrong != nil {
		err = &run.UsageError{Err: wrong}
	} else {
		err = errors.Join(root.Execute(), a.helpErr)
	}
	// If these writes fail, there is nobody to tell.
	a.messages.fail(err)
	if a.summary != nil && a.tell(err) {
		a.summary.WriteTo(a.io.Say)
		if inActions() {
			a.summary.Annotate(a.io.Say)
		}
	}
	a.io.Say.Close()
	a.io.Resort.Close()
	if err == nil && a.tracked != nil {
		return ending{a.tracked.Code, a.tracked.DiedOf}
	}
	return ending{exitCode(err, a.summary), endedBy(err)}
}

// Command returns the command line, from which manual pages and completions are made.
func Command() *cobra.Command { return (&app{}).root() }

// app is one invocation of the program.
type app struct {
	io        run.IO
	messages  messages
	args      []string
	link      *guardian.Link
	unguarded error           // why there is no guardian, or no warden
	summary   *sink.Summary   // of the run; nil if there was none
	noSummary bool            // do not print it
	helpErr   error           // from writing help: cobra's help function returns none
	hadBars   bool            // bars were shown: the summary takes their place
	tracked   *run.TrackedEnd // how the tracked command ended

	ended   chan ending     // from main, or from giveUp in its place
	ctx     context.Context // done when a signal stops fanout
	signals chan os.Signal  // signals to this process
	disobey func()          // stops listening to signals
	current *lateRun        // the run that signals act on
	begun   atomic.Bool     // there is, or was, a run: a signal stops it first
}

// newApp returns the app of this process.
func newApp(stdin, stdout, stderr *os.File, link *guardian.Link) *app {
	a := &app{link: link, ended: make(chan ending, 1)}
	a.io = run.IO{Stdin: stdin, Stdout: stdout, Stderr: stderr, Say: sink.NewMessages(stderr)}
	a.messages.to = a.io.Say
	a.io.Resort = run.NewResort(func(what string) { a.messages.say("%s", what) }, a.giveUp)
	a.current = &lateRun{resort: a.io.Resort}
	return a
}

func (a *app) root() *cobra.Command {
	f := newFlags()
	root := &cobra.Command{
		Use:                   "fanout [flags] COMMAND [ARG]... [::: ITEM]... [:::: FILE]...",
		Short:                 "run a command for each item, many at once",
		Long:                  long,
		Example:               examples,
		Args:                  cobra.ArbitraryArgs,
		SilenceErrors:         true,
		SilenceUsage:          true,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			f.line = a.typed(c)
			p, err := f.plan(args)
			if err != nil {
				return &run.UsageError{Err: err}
			}
			return a.run(c, p)
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &run.UsageError{Err: flagError(c, err)}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.Flags().SetInterspersed(false)
	root.Flags().SortFlags = false
	f.addTo(root.Flags())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if c != root {
			a.helpErr = subHelp(c, c.OutOrStdout())
			return
		}
		a.helpErr = a.help(c, f, c.OutOrStdout())
	})
	help := a.topics()
	root.SetHelpCommand(help)
	completions(root)
	root.AddCommand(a.ps(), a.report(), a.bench(), a.config(), a.cleanup(), a.programs(), a.track(), a.version(), a.worker(), help)
	helpOfSubcommands(root)
	return root
}

// run runs a plan, which signals stop.
func (a *app) run(root *cobra.Command, p planned) error {
	a.messages.quiet = p.Quiet
	if err := a.guard(&p); err != nil {
		return err
	}
	a.messages.note(p.Remote.Chosen)
	a.messages.warn(p.hints...)
	if p.noTemp != nil {
		a.messages.warn(p.noTemp.Error())
	}
	if readsTerminal(p.Input, a.io.Stdin) {
		p.Progress.Hold = true
		a.messages.note(hint.Terminal.Say())
	}
	a.begun.Store(true)
	r, err := run.New(a.ctx, p.Plan, a.io)
	if err != nil {
		return meant(root, p, err)
	}
	a.current.run.Store(r)
	a.messages.warn(r.Warnings()...)
	if !p.Quiet && r.HasProcesses() {
		a.warnLacks(r.Lacks())
	}
	a.noSummary = p.Quiet || p.DryRun
	a.summary, err = r.Do(a.ctx)
	a.hadBars = r.ShowedBars()
	a.messages.warn(r.Notes()...)
	if err == nil && a.summary.Jobs() == 0 && len(p.hints) == 0 {
		a.messages.note(nothingRead(p, a.io.Stdin))
	}
	return err
}

// guard puts the guardian into the plan.
func (a *app) guard(p *planned) error {
	if a.link == nil {
		return nil
	}
	if p.NoGuardian {
		return &run.UsageError{Err: errors.New("--no-guardian: it must be the first flag, because the guardian starts before the others are read")}
	}
	p.Guardian = a.link.Pid()
	if p.Remote.HoldsJobs() {
		a.link.Linger(p.Process.Grace + time.Second)
	}
	return nil
}

// tell reports whether to print the summary.
func (a *app) tell(err error) bool {
	var drained *run.DrainedError
	return !a.noSummary && (a.summary.Notable() || a.hadBars || errors.As(err, &drained)) && !errors.Is(err, sink.ErrReaderGone)
}
