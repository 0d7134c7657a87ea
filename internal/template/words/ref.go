package words

import (
	"strconv"
	"strings"

	"fanout/internal/job"
)

// refKind is the thing that a placeholder stands for.
type refKind uint8

const (
	refItem  refKind = iota // the whole item
	refField                // one field of the item
	refNth                  // the n-th item of the batch
	refSeq                  // the number of the job
	refTotal                // the number of all jobs
	refSlot                 // the slot that runs the job
	refSlot0                // the same, from 0
	refHost                 // the machine that runs the job
)

// Ref is a placeholder. Equal placeholders have equal values.
type Ref struct {
	kind   refKind
	n      int // the number of refField and refNth; below 0, they count from the last, which is -1
	form   form
	edit   *edit
	Quote  bool // quoted for another shell
	Spread bool // the item has a value for each of several sources
}

// PerItem reports whether the placeholder has a value for each item of a batch.
func (r Ref) PerItem() bool { return r.kind == refItem || r.kind == refField }

// Repeats reports whether a word is repeated for each item of a batch when the placeholder stands in it
// beside this text. Items that are quoted for another shell stay together in their code.
func (r Ref) Repeats(text string) bool {
	return r.PerItem() && !(r.Quote && strings.ContainsAny(text, " \t\n;&|<>()"))
}

// counter reports whether the placeholder is a number of fanout's own, not input.
func (r Ref) counter() bool { return refSeq <= r.kind && r.kind <= refSlot0 }

// convert applies the path form or the edit, and the quoting, to a text.
func (r Ref) convert(s string) string {
	if r.edit != nil {
		s = r.edit.apply(s)
	}
	if s = r.form.apply(s); r.Quote {
		return QuoteCode(s)
	}
	return s
}

// Item returns the value for one item. The values of several sources are joined by spaces.
func (r Ref) Item(it job.Item) string {
	if r.kind == refField {
		return r.convert(r.field(it))
	}
	if !r.Spread || len(it.Fields) < 2 || r.form == whole && r.edit == nil && !r.Quote {
		return r.convert(it.String())
	}
	return strings.Join(r.Values(nil, it), " ")
}

// Values appends the arguments that a word becomes when it is only the placeholder.
func (r Ref) Values(dst []string, it job.Item) []string {
	if !r.Spread || len(it.Fields) < 2 {
		return append(dst, r.Item(it))
	}
	for _, f := range it.Fields[1:] {
		dst = append(dst, r.convert(f))
	}
	return dst
}

// field returns "" for a field that the item does not have; the input stage has checked rows already.
func (r Ref) field(it job.Item) string {
	if n := r.place(len(it.Fields) - 1); n > 0 {
		return it.Fields[n]
	}
	return ""
}

// place returns the place from 1 that the placeholder names among so many; 0 if there is none.
func (r Ref) place(among int) int {
	n := r.n
	if n < 0 {
		n += among + 1
	}
	if n < 1 || n > among {
		return 0
	}
	return n
}

// Job returns the one value for a job. The values of its items are joined by spaces.
func (r Ref) Job(j job.Job) string {
	switch {
	case r.kind == refSeq:
		return strconv.FormatInt(j.Seq(), 10)
	case r.kind == refTotal:
		return strconv.Itoa(int(j.Total))
	case r.kind == refSlot:
		return strconv.Itoa(j.Slot)
	case r.kind == refSlot0:
		return strconv.Itoa(max(j.Slot-1, 0))
	case r.kind == refHost:
		return j.Host
	case r.kind == refNth:
		n := r.place(len(j.Items))
		if n == 0 {
			return ""
		}
		return r.convert(j.Items[n-1].String())
	case len(j.Items) == 1:
		return r.Item(j.Items[0])
	}
	vals := make([]string, len(j.Items))
	for i, it := range j.Items {
		vals[i] = r.Item(it)
	}
	return strings.Join(vals, " ")
}
