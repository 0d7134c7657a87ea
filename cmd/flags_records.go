package cmd

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"fanout/internal/journal"
	"fanout/internal/plan"
	"fanout/internal/record"

	"github.com/spf13/pflag"
)

// recordFlags say what is kept of jobs besides their plain output.
type recordFlags struct {
	json      bool
	jsonLimit int64
	results   string
	errorDir  string
	maxErrors int
	journal   string
	sync      string
	resume    bool
	failed    bool
	force     bool
}

func (*recordFlags) name() string { return "Records" }

func (f *recordFlags) register(set *pflag.FlagSet) {
	set.BoolVar(&f.json, "json", false, "print a JSON object for each job, with its outcome and output")
	set.Var(valueOf(&f.jsonLimit, "", byteSize), "json-limit", "include at most `SIZE` of each of stdout and stderr in --json, such as 64K")
	set.StringVar(&f.results, "results", "", "keep stdout, stderr and meta.json of each job in a directory under `DIR`")
	set.StringVar(&f.errorDir, "error-dir", "", "keep stdout, stderr and meta.json of each failed job under `DIR`")
	set.Var(valueOf(&f.maxErrors, "100", wholeFrom(0)), "max-error-files", "keep at most `N` failed jobs in --error-dir; 0: no limit (default 100)")
	set.StringVar(&f.journal, "journal", "", "write a line to `FILE` for each ended job, for --resume and fanout report")
	set.Var(oneOf(&f.sync, journalSyncs()...), "journal-sync", "fsync the journal by the second (`WHEN` 1s, default), line (always) or none")
	set.BoolVar(&f.resume, "resume", false, "skip items that have succeeded according to the journal")
	set.BoolVar(&f.failed, "retry-failed", false, "run only items whose last outcome in the journal is a failure")
	set.BoolVar(&f.force, "force", false, "resume even if the journal was written by a different COMMAND")
}

func (f *recordFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	host, _ := os.Hostname()
	p.Host = strings.ToValidUTF8(host, "?")
	p.Records.JSON, p.Records.Results, p.Records.ErrorDir, p.Records.MaxErrors = f.json, f.results, f.errorDir, int64(f.maxErrors)
	for _, dir := range []struct{ flag, value string }{{"results", f.results}, {"error-dir", f.errorDir}, {"journal", f.journal}} {
		if given.Changed(dir.flag) && dir.value == "" {
			return fmt.Errorf("--%s: the name is empty", dir.flag)
		}
	}
	p.Records.JSONLimit = f.jsonLimit
	f.applyJournal(p)
	return nil
}

// journalSyncs lists the values of --journal-sync in the order of [journal.Sync].
func journalSyncs() []string { return []string{"1s", "always", "none"} }

// applyJournal sets the journal and its first line.
func (f *recordFlags) applyJournal(p *plan.Plan) {
	if f.journal == "" {
		return
	}
	dir, _ := os.Getwd()
	header := record.Header{Version: built(), Dir: record.Text(dir), Host: p.Host}
	for _, arg := range os.Args {
		header.Argv = append(header.Argv, record.Text(arg))
	}
	p.Journal = journal.Spec{
		Path: f.journal, Sync: journal.Sync(slices.Index(journalSyncs(), f.sync)), Header: header,
		Resume: f.resume, Failed: f.failed, Force: f.force,
	}
}
