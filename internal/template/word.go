package template

import (
	"fmt"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/job"
)

// seg is a piece of a word: a placeholder, or else literal text.
type seg struct {
	lit   string
	ref   ref
	isRef bool
}

// Word is literal text and placeholders. It is immutable and may be shared.
type Word struct {
	lit  string // of a word without placeholders
	item bool   // the word is a bare {}: its value is the item itself, never copied
	per  bool   // it is repeated for each item of a batch
	segs []seg
}

// newWord joins literal pieces and chooses the cheapest way to expand.
func newWord(segs []seg) Word {
	var w Word
	lit := ""
	for _, s := range segs {
		lit += s.lit
		if n := len(w.segs); !s.isRef && n > 0 && !w.segs[n-1].isRef {
			w.segs[n-1].lit += s.lit
			continue
		}
		if s.isRef || s.lit != "" {
			w.segs = append(w.segs, s)
		}
	}
	for _, s := range segs {
		w.per = w.per || s.isRef && s.ref.repeats(lit)
	}
	if len(w.segs) == 0 {
		return Word{}
	}
	if len(w.segs) == 1 {
		w.item = w.segs[0].isRef && w.segs[0].ref == ref{}
		if !w.segs[0].isRef {
			return Word{lit: w.segs[0].lit}
		}
	}
	return w
}

// Literal gives the text of a word that has no placeholder.
func (w Word) Literal() (string, bool) { return w.lit, w.segs == nil }

// Expand appends the word's arguments to dst: one, or one for each item of the
// batch if the item stands in it. A bare {} costs no copy and no allocation.
func (w Word) Expand(dst []string, j job.Job) ([]string, error) {
	switch {
	case w.segs == nil:
		return append(dst, w.lit), nil
	case w.item:
		for i := range j.Items {
			s := j.Items[i].String()
			if strings.IndexByte(s, 0) >= 0 {
				return dst, nulError(s)
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
			dst = w.segs[0].ref.values(dst, it)
		} else {
			dst = append(dst, w.fill(func(r ref) string {
				if r.perItem() {
					return r.item(it)
				}
				return r.job(j)
			}))
		}
		for _, s := range dst[n:] {
			if strings.IndexByte(s, 0) >= 0 {
				return dst[:n], nulError(it.String())
			}
		}
	}
	return dst, nil
}

// Single is the word as exactly one string; a batch is joined by a space.
func (w Word) Single(j job.Job) (string, error) {
	if w.segs == nil {
		return w.lit, nil
	}
	s := w.fill(func(r ref) string { return r.job(j) })
	if strings.IndexByte(s, 0) >= 0 {
		return "", nulError(j.Label())
	}
	return s, nil
}

func (w Word) fill(value func(ref) string) string {
	if len(w.segs) == 1 {
		return value(w.segs[0].ref)
	}
	var b strings.Builder
	for _, s := range w.segs {
		if s.isRef {
			b.WriteString(value(s.ref))
		} else {
			b.WriteString(s.lit)
		}
	}
	return b.String()
}

func nulError(item string) error {
	return fmt.Errorf("item %q: an argument cannot hold a NUL byte; %s", clip(item), hint.Nulls.Say())
}

// clip keeps messages about giant items readable.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
