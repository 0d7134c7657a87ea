package script

import (
	"fmt"
	"strconv"
	"strings"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// piece is a piece of a script: an occurrence, a repeated word, or text.
type piece struct {
	lit  string
	occ  *occurrence
	word int // the number of a repeated word, from 1
}

// vector is a placeholder with a parameter for each item, or for each value of each item.
type vector struct {
	ref    words.Ref
	values bool
}

// layout is the order of a script's parameters: first those with one value a job, then the vectors with all
// their values.
type layout struct {
	fixed   []words.Ref
	vectors []vector
	width   int  // the values of an item with several sources
	named   bool // $1 can change, so named variables keep the parameters
	all     bool // the one vector is "$@"
}

// assemble cuts the script at its splices and lays out the parameters.
func (s *Script) assemble(w *walker, text string, scope *words.Scope) {
	s.pieces = s.cut(text)
	for _, word := range w.words {
		s.words = append(s.words, s.cut(word))
	}
	l := &s.layout
	l.width, l.named = max(scope.Sources, 1), w.analysis.movesParams
	allWhole := true
	for _, o := range s.occs {
		if o.Literal != "" || o.quoting == inComment {
			continue
		}
		if o.integer {
			s.integers = append(s.integers, o.Ref)
		}
		if o.vectorized() {
			l.vectors = addNew(l.vectors, vector{o.Ref, o.spreads()})
			allWhole = allWhole && o.whole
		} else {
			l.fixed = addNew(l.fixed, o.Ref)
		}
	}
	l.all = len(l.vectors) == 1 && allWhole && scope.Several && !l.named
}

// spreads reports whether the occurrence becomes one word for each source.
func (o *occurrence) spreads() bool { return o.Ref.Spread && o.whole && o.quoting == bare }

// vectorized reports whether the occurrence has a parameter for each item.
func (o *occurrence) vectorized() bool {
	return o.Ref.PerItem() && o.repeated || o.spreads()
}

func addNew[T comparable](list []T, v T) []T {
	for _, have := range list {
		if have == v {
			return list
		}
	}
	return append(list, v)
}

// cut splits a text at its stand-ins.
func (s *Script) cut(text string) []piece {
	var out []piece
	s.standIns.Split(text, func(lit string) {
		if lit != "" {
			out = append(out, piece{lit: lit})
		}
	}, func(kind byte, id int) {
		if kind == 'w' {
			out = append(out, piece{word: id + 1})
		} else {
			out = append(out, piece{occ: s.occs[id]})
		}
	})
	return out
}

// number returns the place of a parameter, from 1.
func (l *layout) number(o *occurrence, item, value, items int) int {
	if !o.vectorized() {
		for i, r := range l.fixed {
			if r == o.Ref {
				return i + 1
			}
		}
	}
	at := len(l.fixed)
	for _, v := range l.vectors {
		n := 1
		if v.values {
			n = l.width
		}
		if v == (vector{o.Ref, o.spreads()}) {
			return at + item*n + value + 1
		}
		at += n * items
	}
	panic("template: placeholder without a parameter")
}

// count returns the number of parameters of a job.
func (l *layout) count(items int) int {
	n := len(l.fixed)
	for _, v := range l.vectors {
		if v.values {
			n += items * l.width
		} else {
			n += items
		}
	}
	return n
}

// renderer writes the script for jobs with this number of items.
type renderer struct {
	s     *Script
	items int
	probe bool // write each stand-in once, in place of parameters
	b     strings.Builder
}

// Render returns the text of the script for a number of items. It depends on nothing else, so the caller can
// keep it.
func (s *Script) Render(items int) string {
	if s.pieces == nil {
		return s.text
	}
	r := renderer{s: s, items: items}
	l := &s.layout
	named := 0
	if l.named {
		named = l.count(items)
	} else if l.all {
		named = len(l.fixed)
	}
	for k := 1; k <= named; k++ {
		fmt.Fprintf(&r.b, "%s=${%d}; ", s.standIns.Param(k), k)
	}
	if l.all && named > 0 {
		fmt.Fprintf(&r.b, "shift %d; ", named)
	}
	r.write(s.pieces, 0)
	return r.b.String()
}

// probe returns the script with a stand-in in place of each parameter.
func (s *Script) probe() string {
	r := renderer{s: s, items: 1, probe: true}
	r.write(s.pieces, 0)
	return r.b.String()
}

// write writes pieces for one item of the batch, and repeats the words in them for all items.
func (r *renderer) write(pieces []piece, item int) {
	for _, p := range pieces {
		switch {
		case p.word > 0:
			for i := range r.items {
				if i > 0 {
					if r.s.layout.all {
						break
					}
					r.b.WriteByte(' ')
				}
				r.write(r.s.words[p.word-1], i)
			}
		case p.occ != nil:
			r.splice(p.occ, item)
		default:
			r.b.WriteString(p.lit)
		}
	}
}

// splice writes the expansion of a placeholder.
func (r *renderer) splice(o *occurrence, item int) {
	l := &r.s.layout
	switch {
	case o.Literal != "" || o.quoting == inComment:
		r.b.WriteString(o.text())
	case r.probe:
		r.expand(o, r.s.standIns.Token(o.id))
	case l.all && o.vectorized():
		r.b.WriteString(`"$@"`)
	case o.spreads():
		for v := range l.width {
			if v > 0 {
				r.b.WriteByte(' ')
			}
			r.expand(o, r.variable(l.number(o, item, v, r.items)))
		}
	default:
		r.expand(o, r.variable(l.number(o, item, 0, r.items)))
	}
}

func (r *renderer) expand(o *occurrence, variable string) {
	r.b.WriteString(o.expand(variable, r.b.String()))
}

// variable names parameter k.
func (r *renderer) variable(k int) string {
	if r.s.layout.named || r.s.layout.all {
		return r.s.standIns.Param(k)
	}
	return strconv.Itoa(k)
}

// Params returns the values of the parameters for a job.
func (s *Script) Params(j job.Job) ([]string, error) {
	for _, c := range s.integers {
		if err := checkInteger(c, j); err != nil {
			return nil, err
		}
	}
	l := &s.layout
	out := make([]string, 0, l.count(len(j.Items)))
	for _, r := range l.fixed {
		out = append(out, r.Job(j))
	}
	for _, v := range l.vectors {
		for _, it := range j.Items {
			if !v.values {
				out = append(out, v.ref.Item(it))
				continue
			}
			n := len(out)
			out = v.ref.Values(out, it)
			for len(out) < n+l.width {
				out = append(out, "")
			}
			out = out[:n+l.width]
		}
	}
	for _, p := range out {
		if strings.IndexByte(p, 0) >= 0 {
			return nil, words.NulError(j.Label())
		}
	}
	return out, nil
}

// checkInteger keeps code out of arithmetic, where bash would run it.
func checkInteger(r words.Ref, j job.Job) error {
	v := r.Job(j)
	digits := strings.TrimPrefix(strings.TrimPrefix(v, "-"), "+")
	if digits == "" || len(v)-len(digits) > 1 || strings.Trim(digits, "0123456789") != "" {
		hint := ""
		if _, err := strconv.ParseFloat(v, 64); err == nil {
			hint = "; awk -v x={} 'BEGIN { print x + 1 }' takes other numbers"
		}
		return fmt.Errorf("item %q: not an integer, and bash calculates with integers only%s", words.Clip(v), hint)
	}
	return nil
}

// Sizes lists the sizes of the programs that a job of the script starts: the shell with its text and
// parameters, then each command.
func (s *Script) Sizes() []words.ExecSize {
	const overhead = 64 // the path of the shell, -c and its name
	text := len(s.Render(1))
	l := words.ExecSize{Fixed: overhead + text, Script: text}
	for _, r := range s.layout.fixed {
		l.Args = append(l.Args, words.ArgSize{Refs: []words.Ref{r}})
	}
	for _, v := range s.layout.vectors {
		l.Args = append(l.Args, words.ArgSize{Refs: []words.Ref{v.ref}, Repeated: true})
	}
	if !s.layout.all && len(s.layout.vectors) > 0 {
		l.Growth = len(s.Render(1001))/1000 + 8*len(s.occs) // with room for longer numbers
	}
	return append([]words.ExecSize{l}, s.commands...)
}
