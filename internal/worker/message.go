package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"syscall"
	"time"

	"fanout/internal/execute"
	"fanout/internal/job"
	"fanout/internal/process"
	"fanout/internal/template"
)

// Hello is what a worker says about itself.
type Hello struct {
	Fanout string // its version
	Host   string
	Pid    int
	CPUs   int
}

// Setup is what all jobs of a run have in common.
type Setup struct {
	Number    int // of the worker, from 1
	Threads   int
	FirstSlot int     // the number of the first of its slots
	Cancels   bool    // single jobs may be cancelled
	Remote    *Remote // nil: the worker is on the runner's machine
	Template  template.Spec
	Execute   execute.Spec
	Process   process.Spec
	Limits    Limits
	Outputs   [2]int // the worker's descriptors that jobs write to themselves; 0: their output goes through frames
}

// Remote is what a worker on another machine needs to know besides.
type Remote struct {
	Run     string        // run ID
	Host    string        // the machine's name, for jobs; the Starter fills it in
	Dir     string        // where jobs run; it must exist; "" is where the worker was started
	Silence time.Duration // it ends when no frame has come for this long; 0: never
}

// Limits are what a worker holds its jobs to.
type Limits struct {
	Nice int   // added to its niceness
	CPUs []int // worker n is bound to the nth of these, in turn; nil: to none
}

// encodeValue appends a value that is sent once to a worker, by gob.
func encodeValue(b []byte, v any) []byte {
	var w bytes.Buffer
	if err := gob.NewEncoder(&w).Encode(v); err != nil {
		panic(err) // gob does not know a type of ours
	}
	return append(b, w.Bytes()...)
}

func decodeValue(body []byte, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(v); err != nil {
		return broken("%v", err)
	}
	return nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decoder takes a body apart. After the last field, end tells whether the body was well formed.
type decoder struct {
	rest string
	bad  bool
}

func (t *decoder) number() uint64 {
	// A copy of ten bytes at most, since there is no Uvarint for strings.
	var head [binary.MaxVarintLen64]byte
	n := copy(head[:], t.rest)
	v, used := binary.Uvarint(head[:n])
	if used <= 0 {
		t.bad, t.rest = true, ""
		return 0
	}
	t.rest = t.rest[used:]
	return v
}

func (t *decoder) string() string {
	n := t.number()
	if n > uint64(len(t.rest)) {
		t.bad, t.rest = true, ""
		return ""
	}
	s := t.rest[:n]
	t.rest = t.rest[n:]
	return s
}

// list takes the length of a list, whose elements take at least a byte each.
func (t *decoder) list() int {
	n := t.number()
	if n > uint64(len(t.rest)) {
		t.bad, t.rest = true, ""
		return 0
	}
	return int(n)
}

func (t *decoder) strings() []string {
	n := t.list()
	if n == 0 {
		return nil
	}
	all := make([]string, n)
	for i := range all {
		all[i] = t.string()
	}
	return all
}

func (t *decoder) end() error {
	if t.bad || t.rest != "" {
		return broken("a frame does not hold what its kind says")
	}
	return nil
}

func appendStrings(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, s := range all {
		b = appendText(b, s)
	}
	return b
}

// appendJob appends a job without its Slot, which the worker assigns.
func appendJob(b []byte, j job.Job) []byte {
	b = binary.AppendUvarint(b, uint64(j.Index))
	b = binary.AppendUvarint(b, uint64(j.Offset))
	b = binary.AppendUvarint(b, uint64(j.Total))
	b = binary.AppendUvarint(b, uint64(j.Attempt))
	b = binary.AppendUvarint(b, uint64(len(j.Items)))
	for _, it := range j.Items {
		b = binary.AppendUvarint(b, uint64(it.Seq))
		b = appendStrings(b, it.Fields)
	}
	return b
}

func (t *decoder) job() (j job.Job) {
	j.Index = int64(t.number())
	j.Offset = int64(t.number())
	j.Total = int32(t.number())
	j.Attempt = int(t.number())
	j.Items = make([]job.Item, t.list())
	for i := range j.Items {
		j.Items[i] = job.Item{Seq: int64(t.number()), Fields: t.strings()}
	}
	return j
}

// size returns about how long a job's frame is.
func size(j job.Job) int {
	n := 0
	for _, it := range j.Items {
		for _, s := range it.Fields {
			n += len(s) + binary.MaxVarintLen64
		}
	}
	return n
}

func appendStatus(b []byte, st job.Status) []byte {
	held := byte(0)
	if st.Held {
		held = 1
	}
	b = append(b, byte(st.Outcome), held)
	for _, n := range []int64{
		int64(st.Code), int64(st.Signal), int64(st.Limit),
		int64(st.Usage.Wall), int64(st.Usage.User), int64(st.Usage.System), st.Usage.MaxRSS, int64(st.Ago),
	} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	why := ""
	if st.Err != nil {
		why = st.Err.Error()
	}
	return appendText(b, why)
}

func (t *decoder) status() (st job.Status) {
	if len(t.rest) < 2 {
		t.bad = true
		return st
	}
	st.Outcome, st.Held = job.Outcome(t.rest[0]), t.rest[1] != 0
	t.bad = t.bad || st.Outcome >= job.NumOutcomes
	t.rest = t.rest[2:]
	st.Code = int(t.number())
	st.Signal = syscall.Signal(t.number())
	st.Limit = time.Duration(t.number())
	st.Usage.Wall = time.Duration(t.number())
	st.Usage.User = time.Duration(t.number())
	st.Usage.System = time.Duration(t.number())
	st.Usage.MaxRSS = int64(t.number())
	st.Ago = time.Duration(t.number())
	if why := t.string(); why != "" {
		st.Err = errors.New(why)
	}
	return st
}
