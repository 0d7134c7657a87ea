package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"runtime/debug"
	"sync/atomic"
	"time"

	"fanout/internal/collect"
	"fanout/internal/job"
	"fanout/internal/journal"
	"fanout/internal/persistent"
	"fanout/internal/plan"
	"fanout/internal/record"
	"fanout/internal/sink"
	"fanout/internal/text"
)

// records is what is kept of jobs beside their plain output, or in its place.
type records struct {
	json    *sink.JSON
	folded  bool // the log of GitHub Actions
	results []*sink.Results
	journal *journal.Journal
	taken   takenBack
	keeping atomic.Bool // results are being written
}

// openRecords makes ready what the plan wants kept. The journal is the first, since it says
// whether an earlier run is gone on with, and its lock keeps another from doing so at the same
// time; and the last in which something is written: one that was begun for a run that never
// came about would be in the way of the next.
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
	if err = r.openResults(again); err != nil {
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

// openResults makes directories ready. What is in one is an earlier run's only if its journal
// is here.
func (r *Run) openResults(again bool) error {
	p := &r.plan
	host, rows := p.Host, rowsOf(*p)
	if p.Records.JSON {
		r.records.json = &sink.JSON{Host: host, Rows: rows, Limit: p.Records.JSONLimit, Bare: p.Collect.Mode == collect.None}
	}
	r.records.folded = p.Records.Folded
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
		r.records.results = append(r.records.results, results)
	}
	return nil
}

func (r *Run) openJournal(open func(journal.Spec) (*journal.Journal, error)) (err error) {
	p := &r.plan
	p.Journal.Header.Template, p.Journal.Former = digest(*p), formerDigest(*p)
	if r.records.journal, err = open(p.Journal); err != nil {
		return err
	}
	r.tmpl.NumberAfter(r.records.journal.Numbers())
	if many := int64(1 << 20); r.records.journal.Known() > many {
		// What is known of so many items is most of the memory, and Go would let as much garbage
		// gather beside it. It holds no pointers, so that collecting costs little.
		debug.SetGCPercent(25)
	}
	return nil
}

// rowsOf tells what is recorded of rows; nil where items are none.
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

// digest stands for what two runs must share for the one to go on with the other: what is
// done with an item, and what an item is.
func digest(p plan.Plan) string {
	switch {
	case p.Template.Pipe && p.Template.Terminator != "\n":
		return digestOf(p, p.Template.Terminator)
	case p.Persistent && p.Protocol != persistent.Lines:
		return digestOf(p, p.Protocol)
	default:
		return digestOf(p)
	}
}

// formerDigest is what digest was in journals of format 1.
func formerDigest(p plan.Plan) string { return digestOf(p) }

func digestOf(p plan.Plan, more ...any) string {
	var colSep string
	if p.Input.ColSep != nil {
		colSep = p.Input.ColSep.String()
	}
	var names []string // what fields are called has a meaning only where they have places
	if rows := p.Template.Rows; rows != nil && !rows.Pick {
		names = rows.Names
	}
	text, _ := json.Marshal(append([]any{ // of strings, numbers and truths: it cannot fail
		p.Template.Command, p.Template.Pipe, p.Persistent, p.Execute.ShellForced, p.Execute.Shell,
		p.Input.Format, p.Input.Header, colSep, names,
	}, more...))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// addTo has the Collector hand over jobs to all who keep something.
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

// keeps says that something is kept of jobs for when the run is over.
func (rs *records) keeps() bool {
	return len(rs.results) > 0 || rs.journal != nil && rs.journal.Writer != nil
}

// final keeps jobs whose outcome is sure. The journal has none whose results are not in their
// place.
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

// pick leaves out the items that the journal knows to be done.
func (rs *records) pick(items iter.Seq2[job.Item, error]) iter.Seq2[job.Item, error] {
	if rs.journal == nil {
		return items
	}
	return rs.journal.Items(items)
}

// tellOften has what jobs without output leave reach the journal and the log soon. The
// function that it returns ends that.
func (r *Run) tellOften(tell func()) (end func()) {
	if !r.records.keeps() && !r.plan.Log.On {
		return func() {}
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell()
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-ended
	}
}

// close ends the journal, and tells the summary what was left out.
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

// warn tells the user something about the run.
func (r *Run) warn(what string) {
	if !r.plan.Quiet {
		text.Line(r.io.Say, "warning: %s", what)
	}
}

// joined is both errors, the second only if it says something new.
func joined(err, more error) error {
	if more == nil || errors.Is(err, more) {
		return err
	}
	return errors.Join(err, more)
}
