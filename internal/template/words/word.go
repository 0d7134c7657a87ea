// Package words reads the placeholders of a COMMAND and expands its words for a job. A [Scope] finds the
// placeholders in a text; a [Word] is literal text with a [Ref] for each placeholder; a [Plan] is a COMMAND
// of such words that runs without a shell. The package knows nothing of scripts, and has no side effects.
package words

import (
	"fmt"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/job"
	"fanout/internal/text"
)

// Segment is a piece of a word: a placeholder, or literal text.
type Segment struct {
	Text  string
	Ref   Ref
	IsRef bool
}

// Word is literal text with placeholders in it. It is immutable and may be shared.
type Word struct {
	lit  string // the text of a word without placeholders
	item bool   // the word is a bare {}: its value is the item itself, not a copy
	per  bool   // the word is repeated for each item of a batch
	segs []Segment
}

// NewWord joins pieces into a word and chooses the cheapest way to expand it.
func NewWord(segs []Segment) Word {
	var w Word
	lit := ""
	for _, s := range segs {
		lit += s.Text
		if n := len(w.segs); !s.IsRef && n > 0 && !w.segs[n-1].IsRef {
			w.segs[n-1].Text += s.Text
			continue
		}
		if s.IsRef || s.Text != "" {
			w.segs = append(w.segs, s)
		}
	}
	for _, s := range segs {
		w.per = w.per || s.IsRef && s.Ref.Repeats(lit)
	}
	if len(w.segs) == 0 {
		return Word{}
	}
	if len(w.segs) == 1 {
		w.item = w.segs[0].IsRef && w.segs[0].Ref == Ref{}
		if !w.segs[0].IsRef {
			return Word{lit: w.segs[0].Text}
		}
	}
	return w
}

// Literal returns the text of a word without placeholders.
func (w Word) Literal() (string, bool) { return w.lit, w.segs == nil }

// Expand appends the word's arguments to dst: one argument, or one for each item of a batch if the item
// stands in the word. A bare {} costs no copy and no allocation.
func (w Word) Expand(dst []string, j job.Job) ([]string, error) {
	switch {
	case w.segs == nil:
		return append(dst, w.lit), nil
	case w.item:
		for i := range j.Items {
			s := j.Items[i].String()
			if strings.IndexByte(s, 0) >= 0 {
				return dst, NulError(s)
			}
			dst = append(dst, s)
		}
		return dst, nil
	case !w.per:
		s, err := w.Single(j)
		return append(dst, s), err
	}
	for _, it := range j.Items {
		n := len(dst)
		if len(w.segs) == 1 {
			dst = w.segs[0].Ref.Values(dst, it)
		} else {
			dst = append(dst, w.fill(func(r Ref) string {
				if r.PerItem() {
					return r.Item(it)
				}
				return r.Job(j)
			}))
		}
		for _, s := range dst[n:] {
			if strings.IndexByte(s, 0) >= 0 {
				return dst[:n], NulError(it.String())
			}
		}
	}
	return dst, nil
}

// Single returns the word as exactly one string. The items of a batch are joined by spaces.
func (w Word) Single(j job.Job) (string, error) {
	if w.segs == nil {
		return w.lit, nil
	}
	s := w.fill(func(r Ref) string { return r.Job(j) })
	if strings.IndexByte(s, 0) >= 0 {
		return "", NulError(j.Label())
	}
	return s, nil
}

// fill joins the pieces, with a value for each placeholder.
func (w Word) fill(value func(Ref) string) string {
	if len(w.segs) == 1 {
		return value(w.segs[0].Ref)
	}
	var b strings.Builder
	for _, s := range w.segs {
		if s.IsRef {
			b.WriteString(value(s.Ref))
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// NulError refuses a NUL byte in an argument.
func NulError(item string) error {
	return fmt.Errorf("item %q: an argument cannot hold a NUL byte; %s", Clip(item), hint.Nulls.Say())
}

// Clip shortens a long item for a message.
func Clip(s string) string {
	const most = 60
	return text.Clip(s, most)
}
