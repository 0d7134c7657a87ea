package run

import (
	"context"
	"errors"
	"iter"
	"runtime/debug"
	"sync/atomic"

	"fanout/internal/collect"
	"fanout/internal/job"
	"fanout/internal/journal"
	"fanout/internal/plan"
	"fanout/internal/record"
	"fanout/internal/sink"
	"fanout/internal/text"
)

// records keeps what the plan wants of jobs besides their plain output, or instead of it.
type records struct {
	json    *sink.JSON
	folded  bool // output is for the log of GitHub Actions
	results []*sink.Results
	journal *journal.Journal
	taken   takenBack
	keeping atomic.Bool // results are being written
}

// openRecords opens what the plan wants kept. The journal is opened first: it says whether this run resumes an earlier
// one, and its lock keeps another from doing so at the same time. It is written last: the journal of a run that never
// began would be in the way of the next one.
func (r *Run) openRecords(ctx context.Context) (err error) {
	p := &r.plan
	if p.DryRun {
		if p.Journal.Path == "" {
			return nil
		}
		return r.openJournal(journal.Peek)
	}
	if p.Journal.Path != "" {
		if err = r.openJournal(journal.Open); err != nil {
			return err
		}
		defer r.records.journal.Abandon()
	}
	again := r.records.journal != nil && r.records.journal.GoesOn()
	if err = r.records.open(p, again); err != nil {
		return err
	}
	keepsOut, err := r.openOut(ctx, again)
	if err != nil {
		return err
	}
	if r.records.journal != nil {
		if err = r.records.journal.Begin(); err != nil {
			return err
		}
	}
	return keepsOut()
}

// open opens the directories of results. What a directory holds belongs to an earlier run only if that run's journal
// is resumed.
func (rs *records) open(p *plan.Plan, again bool) error {
	host, rows := p.Host, rowsOf(*p)
	if p.Records.JSON {
		rs.json = &sink.JSON{Host: host, Rows: rows, Limit: p.Records.JSONLimit, Bare: p.Collect.Mode == collect.None}
	}
	rs.folded = p.Records.Folded
	for _, spec := range []sink.ResultsSpec{
		{Flag: "--results", Dir: p.Records.Results},
		{Flag: "--error-dir", Dir: p.Records.ErrorDir, Failed: true, Most: p.Records.MaxErrors},
	} {
		if spec.Dir == "" {
			continue
		}
		spec.Again, spec.Host, spec.Rows = again, host, rows
		results, err := sink.NewResults(spec)
		if err != nil {
			return err
		}
		rs.results = append(rs.results, results)
	}
	return nil
}

func (r *Run) openJournal(open func(journal.Spec) (*journal.Journal, error)) (err error) {
	spec := r.plan.Journal
	spec.Header.Template, spec.Former = r.plan.Digest(), r.plan.FormerDigest()
	if r.records.journal, err = open(spec); err != nil {
		return err
	}
	r.tmpl.NumberAfter(r.records.journal.Numbers())
	if many := int64(1 << 20); r.records.journal.Known() > many {
		// What the journal knows of so many items is most of the memory, and Go would let as much garbage gather beside
		// it. It holds no pointers, so collecting costs little.
		debug.SetGCPercent(25)
	}
	return nil
}

// rowsOf returns what is recorded of rows; nil where items are not rows.
func rowsOf(p plan.Plan) *record.Rows {
	switch rows := p.Template.Rows; {
	case rows == nil:
		return nil
	case rows.Pick:
		return record.ObjectRows()
	default:
		return record.NewRows(rows.Names)
	}
}

// addTo adds to the Collector's hooks what keeps something of jobs.
func (rs *records) addTo(hooks *collect.Hooks, summary *sink.Summary) {
	switch {
	case rs.json != nil:
		hooks.Write = rs.json.Write
	case rs.folded:
		hooks.Write = sink.Folded
	}
	if len(rs.results) > 0 {
		hooks.Keep = func(d *job.Finished, out [2]sink.Printed) error {
			rs.keeping.Store(true)
			defer rs.keeping.Store(false)
			for _, results := range rs.results {
				if err := results.Keep(d, out); err != nil {
					return err
				}
			}
			return nil
		}
	}
	rs.taken.addTo(hooks)
	if rs.keeps() {
		hooks.Final = rs.final
		hooks.InDoubt = func(done []*job.Finished) {
			for _, d := range done {
				summary.Doubt(d)
				rs.taken.leave(d)
				for _, results := range rs.results {
					results.Drop(d)
				}
			}
		}
	}
}

// keeps reports whether anything of jobs outlasts the run.
func (rs *records) keeps() bool {
	return len(rs.results) > 0 || rs.journal != nil && rs.journal.Writer != nil
}

// final keeps jobs whose outcome is sure. The journal gets a job only after its results.
func (rs *records) final(done []*job.Finished) (err error) {
	n := 0
	for ; n < len(done) && err == nil; n++ {
		rs.taken.doubt(done[n])
		for _, results := range rs.results {
			err = errors.Join(err, results.Put(done[n]))
		}
	}
	if err != nil {
		done = done[:n-1]
	}
	if rs.journal != nil && rs.journal.Writer != nil {
		err = errors.Join(err, rs.journal.Add(done))
	}
	return err
}

// pick leaves out the items that are done by the journal.
func (rs *records) pick(items iter.Seq2[job.Item, error]) iter.Seq2[job.Item, error] {
	if rs.journal == nil {
		return items
	}
	return rs.journal.Items(items)
}

// close closes the journal, and tells the summary what was left out.
func (rs *records) close(summary *sink.Summary) error {
	if err := rs.taken.end(rs.results, summary); err != nil {
		return errors.Join(err, rs.closeJournal(summary))
	}
	return rs.closeJournal(summary)
}

func (rs *records) closeJournal(summary *sink.Summary) error {
	if rs.journal == nil {
		return nil
	}
	summary.SetSkipped(rs.journal.Done(), rs.journal.Strange(), rs.journal.Missing())
	if rs.journal.Writer == nil {
		return nil
	}
	return rs.journal.Close()
}

// warn prints a warning, unless the user wants none.
func (r *Run) warn(what string) {
	if !r.plan.Quiet {
		text.Line(r.io.Say, "warning: %s", what)
	}
}

// joined joins two errors, the second only if it says something new.
func joined(err, more error) error {
	if more == nil || errors.Is(err, more) {
		return err
	}
	return errors.Join(err, more)
}
