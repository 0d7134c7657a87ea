package template

import (
	"strconv"
	"strings"

	"fanout/internal/job"
)

// refKind tells what a placeholder stands for.
type refKind uint8

const (
	refItem  refKind = iota // the whole item
	refField                // one field of the item
	refNth                  // the n-th item of the batch
	refSeq                  // the number of the job
	refSlot                 // the slot that runs the job
	refHost                 // the machine that runs the job
)

// ref is a placeholder. Equal placeholders are equal values.
type ref struct {
	kind   refKind
	n      int // of refField and refNth
	form   form
	quote  bool // quoted for another shell
	spread bool // the item has a value for each of several sources
}

// perItem tells whether the placeholder has a value for each item of a batch.
func (r ref) perItem() bool { return r.kind == refItem || r.kind == refField }

// repeats tells whether a word is repeated for each item of a batch, if the
// placeholder stands in it with such text. Items that are quoted for another
// shell stay together in the code that they are part of.
func (r ref) repeats(text string) bool {
	return r.perItem() && !(r.quote && strings.ContainsAny(text, " \t\n;&|<>()"))
}

// number tells whether the placeholder is a number of ours and no input.
func (r ref) number() bool { return r.kind == refSeq || r.kind == refSlot }

func (r ref) shape(s string) string {
	if s = r.form.apply(s); r.quote {
		return quotePOSIX(s)
	}
	return s
}

// item is the value for one item; those of several sources are joined by a space.
func (r ref) item(it job.Item) string {
	if r.kind == refField {
		return r.shape(r.field(it))
	}
	if !r.spread || len(it.Fields) < 2 || r.form == whole && !r.quote {
		return r.shape(it.String())
	}
	return strings.Join(r.values(nil, it), " ")
}

// values appends what a word that is nothing but the placeholder becomes.
func (r ref) values(dst []string, it job.Item) []string {
	if !r.spread || len(it.Fields) < 2 {
		return append(dst, r.item(it))
	}
	for _, f := range it.Fields[1:] {
		dst = append(dst, r.shape(f))
	}
	return dst
}

// field is empty where the item has none; who reads rows has seen to that.
func (r ref) field(it job.Item) string {
	if r.n < 1 || r.n >= len(it.Fields) {
		return ""
	}
	return it.Fields[r.n]
}

// job is the one value for a job: that of its items, joined by a space.
func (r ref) job(j job.Job) string {
	switch {
	case r.kind == refSeq:
		return strconv.FormatInt(j.Seq(), 10)
	case r.kind == refSlot:
		return strconv.Itoa(j.Slot)
	case r.kind == refHost:
		return j.Host
	case r.kind == refNth:
		if r.n > len(j.Items) {
			return ""
		}
		return r.shape(j.Items[r.n-1].String())
	case len(j.Items) == 1:
		return r.item(j.Items[0])
	}
	vals := make([]string, len(j.Items))
	for i, it := range j.Items {
		vals[i] = r.item(it)
	}
	return strings.Join(vals, " ")
}
