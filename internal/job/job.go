// Package job holds the nouns that the stages hand to each other: an [Item] is a unit of input, a [Job] is COMMAND for
// one item or one batch, or an item that is a command, an [Output] takes what it prints, and a [Status] tells how it ended. It has no side effects.
package job

import (
	"io"
	"time"
)

// Item is one unit of input.
type Item struct {
	Seq    int64    // dense from 1 over the whole input; in a resumed run, the number that the journal has for it
	Fields []string // Fields[0] is the whole item; Fields[1:] are its fields or, with several sources, a value of each
	Err    error    // why it cannot be used; its job ends as NotStarted
}

// String returns the whole item.
func (it Item) String() string {
	if len(it.Fields) == 0 {
		return ""
	}
	return it.Fields[0]
}

// Job is COMMAND for one item or for a batch. It is immutable: a stage that adds something passes on a copy.
type Job struct {
	Index   int64  // its place in this run: dense from 1, in the order of the items
	Offset  int64  // added to Index to make its Seq, in a resumed run
	Slot    int    // the slot that runs it, from 1; 0 until it has one
	Host    string // the machine that runs it; "" until it is there
	Attempt int    // from 1
	Lost    int32  // how many earlier attempts ended as Lost
	Total   int32  // how many jobs there are; 0 unless COMMAND needs to know. A larger Job costs 4 ns for each {}
	Items   []Item
}

// LostMax is how many workers a job may cost. A job that has cost as many is to blame, and not its workers.
const LostMax = 3

// Label names the job for a person: by its item, or by the first of its batch.
func (j Job) Label() string {
	if len(j.Items) == 0 {
		return ""
	}
	return j.Items[0].String()
}

// Seq returns the number that users know the job by. It differs from Index in a resumed run, which keeps the numbers
// of its journal.
func (j Job) Seq() int64 { return j.Index + j.Offset }

// Err tells why the job cannot run: one of its items cannot be used.
func (j Job) Err() error {
	for _, it := range j.Items {
		if it.Err != nil {
			return it.Err
		}
	}
	return nil
}

// Output takes the bytes that a job prints. Its Writers may offer more to the package that starts processes: see
// process.PipeReader and process.Inheritable.
type Output struct {
	Stdout, Stderr io.Writer
}

// Event is something that happened to a job. Every job that was pulled from the template has exactly one Started and
// exactly one Done, however many attempts it takes.
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
	Retried      // an attempt has failed, and another follows
	Done
)
