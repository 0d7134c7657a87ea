// Package job holds the nouns that the stages hand to each other: an Item is
// what was read, a Job is one run of COMMAND, an Output takes what it prints,
// and a Status tells how it ended. It has no side effects.
package job

import (
	"io"
	"time"
)

// Item is one unit of input.
type Item struct {
	Seq    int64    // dense from 1 over the whole input; in a run that goes on with another, what it is called there
	Fields []string // Fields[0] is the whole item, Fields[1:] its fields or, with several sources, one value a source
	Err    error    // why it cannot be used: its job is NotStarted
}

// String is the whole item.
func (it Item) String() string {
	if len(it.Fields) == 0 {
		return ""
	}
	return it.Fields[0]
}

// Job is one run of COMMAND on one item or a batch of items. It is immutable:
// a stage that has something to add passes on a copy.
type Job struct {
	Index   int64  // dense from 1 in the order of the items
	Offset  int64  // what is added to Seq to make its number, in a run that goes on with another
	Slot    int    // the slot that runs it, from 1; 0 until it has one
	Host    string // the machine that runs it; "" until it is there
	Attempt int    // from 1
	Lost    int    // how many attempts before this one have ended as Lost
	Items   []Item
}

// LostMax is how many workers a job may cost. A job that has cost as many is to blame, and not its workers.
const LostMax = 3

// Label names the job to a person: its item, or the first of its batch.
func (j Job) Label() string {
	if len(j.Items) == 0 {
		return ""
	}
	return j.Items[0].String()
}

// Index is what users know the job by: its place among all jobs, or what it is called in the
// journal of an earlier run.
func (j Job) Seq() int64 { return j.Index + j.Offset }

// Err is why the job cannot be run: one of its items cannot be used.
func (j Job) Err() error {
	for _, it := range j.Items {
		if it.Err != nil {
			return it.Err
		}
	}
	return nil
}

// Output is where one job's bytes go. A Writer may offer more to what starts the
// job's processes: see process.PipeReader and process.Inheritable.
type Output struct {
	Stdout, Stderr io.Writer
}

// Event is something that happened to a job. Every job that was pulled from the
// template has exactly one Started and exactly one Done, however often it is tried.
type Event struct {
	Kind   Kind
	Job    Job
	Status Status // of a Retried or Done
	Tail   []byte // of a Done that failed: the last bytes of its stderr
}

// Finished is a job that has ended.
type Finished struct {
	Job    Job
	Status Status
	Tail   []byte // when it failed: the last bytes of its standard error
	Ended  time.Time
}

// Kind tells the events of a job apart.
type Kind uint8

// The events of a job.
const (
	Started Kind = iota
	Retried      // a try has failed, and another is to follow
	Done
)
