package flow

import (
	"slices"
	"strconv"
	"strings"

	"fanout/internal/template/words"
)

// A mark stands in a text for something that is known only when the script runs. A mark without origins holds no item:
// the output of a program that has none, a variable of the environment, a number.
type mark struct {
	origins []origin
	literal string // the braces that {{}} stands for
	quoted  bool   // it is one word of shell code
	several bool   // it may become several words
	file    value  // what a file of this name holds, for a process substitution; nil: unknown
	key     string // equal for marks that hold the same
}

// origin is an item that a mark may hold, and how it came there.
type origin struct {
	token      int
	quotedByUs bool   // {:q} stands there
	named, cut bool   // it names a file in the output of a program, which was cut into fields then
	changed    bool   // it is not the whole item, or more than the item
	by         string // the program, unknown to fanout, that may have printed it; "" if it is known to be there
	way        *step
}

// step is a place that an item went through.
type step struct {
	at     string
	before *step
}

// String tells a way from its beginning.
func (s *step) String() string {
	if s == nil {
		return ""
	}
	if s.before == nil {
		return s.at
	}
	return s.before.String() + " -> " + s.at
}

// longestWay is the number of places after which a way is not told further.
const longestWay = 6

// to makes a way longer. It names no place twice, so that the ways through a loop are not endless.
func (s *step) to(at string) *step {
	n := 0
	for old := s; old != nil; old = old.before {
		if n++; old.at == at || n == longestWay {
			return s
		}
	}
	return &step{at, s}
}

// clean is the number of the mark that holds no item. Those of the tokens come before it.
func (f *follower) clean() string { return f.names.Token(f.tokens) }

// intern returns the name of a mark, the same for marks that came the same way.
func (f *follower) intern(m mark) string {
	if len(m.origins) == 0 && m.file == nil && m.literal == "" {
		return f.clean()
	}
	var key, full strings.Builder
	for _, o := range m.origins {
		k := strconv.Itoa(o.token) + "/" + strconv.FormatBool(o.named) + strconv.FormatBool(o.cut) + strconv.FormatBool(o.changed) + "/" + o.by + "/"
		key.WriteString(k)
		full.WriteString(k + o.way.String() + "/")
	}
	rest := strconv.FormatBool(m.quoted) + strconv.FormatBool(m.several) + m.literal
	if m.file != nil {
		rest += "\x00" + strings.Join(m.file, "\x00")
	}
	m.key = key.String() + rest
	name, ok := f.interned[full.String()+rest]
	if !ok {
		name = f.names.Token(len(f.marks))
		f.marks = append(f.marks, m)
		f.interned[full.String()+rest] = name
	}
	return name
}

// data reports whether a mark may hold an item.
func (m mark) data() bool { return len(m.origins) > 0 }

// A value is what a string may be: its possible texts, with marks.
type value []string

// mostTexts is the number of texts that are told apart.
const mostTexts = 8

// longestText is the length of texts that are told apart.
const longestText = 4096

func text(s string) value { return value{s} }

// unknown is the value of which nothing is known, but that no item is in it.
func (f *follower) unknown() value { return value{f.clean()} }

// ids lists the marks in a text that may hold an item.
func (f *follower) ids(s string) []int {
	var ids []int
	for _, id := range f.names.Tokens(s) {
		if f.marks[id].data() {
			ids = append(ids, id)
		}
	}
	return ids
}

// carries reports whether an item may be in the value.
func (f *follower) carries(v value) bool {
	return slices.ContainsFunc(v, func(s string) bool { return len(f.ids(s)) > 0 })
}

// either is the value that is one or the other.
func (f *follower) either(a, b value) value {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return f.limited(out)
}

// limited makes one mark of a value with too many texts.
func (f *follower) limited(v value) value {
	if len(v) > mostTexts || slices.ContainsFunc(v, func(s string) bool { return len(s) > longestText }) {
		return f.blend(v)
	}
	return v
}

// join is the text of a followed by that of b.
func (f *follower) join(a, b value) value {
	if len(a) == 1 && a[0] == "" {
		return b
	}
	if len(b) == 1 && b[0] == "" {
		return a
	}
	var out value
	for _, x := range a {
		for _, y := range b {
			f.spend(1 + (len(x)+len(y))/64)
			if !slices.Contains(out, x+y) {
				out = append(out, x+y)
			}
		}
	}
	return f.limited(out)
}

// blend makes one mark of all that a value holds. Of words that are quoted for a shell, it makes several of them.
func (f *follower) blend(vs ...value) value {
	quoted := f.depth < deepestCode && len(vs) > 0
	for _, s := range slices.Concat(vs...) {
		ids := f.ids(s)
		quoted = quoted && !slices.ContainsFunc(ids, func(id int) bool { return !f.marks[id].quoted })
		if quoted && len(ids) > 0 {
			file, err := f.parse(": " + s)
			quoted = err == nil && f.asWords(file, s)
		}
	}
	origins := f.originsOf(nil, vs...)
	return value{f.intern(mark{origins: origins, quoted: quoted && len(origins) > 0, several: quoted && len(origins) > 0})}
}

// originsOf lists what values may hold. With change, each origin is changed by it.
func (f *follower) originsOf(change func(origin) origin, vs ...value) []origin {
	var out []origin
	for _, v := range vs {
		for _, s := range v {
			for _, id := range f.ids(s) {
				for _, o := range f.marks[id].origins {
					if change != nil {
						o = change(o)
					}
					same := func(p origin) bool {
						return p.token == o.token && p.changed == o.changed && p.by == o.by && p.named == o.named && p.cut == o.cut
					}
					if !slices.ContainsFunc(out, same) {
						out = append(out, o)
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b origin) int {
		if a.token != b.token {
			return a.token - b.token
		}
		return strings.Compare(a.by+strconv.FormatBool(a.changed), b.by+strconv.FormatBool(b.changed))
	})
	return out
}

// replaced replaces the marks of a value that may hold an item.
func (f *follower) replaced(v value, by func(mark) mark) value {
	out := make(value, 0, len(v))
	for _, s := range v {
		if len(f.ids(s)) == 0 {
			out = append(out, s)
			continue
		}
		var b strings.Builder
		f.names.Split(s, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) {
			m := f.marks[id]
			if m.data() {
				b.WriteString(f.intern(by(m)))
			} else {
				b.WriteString(f.names.Token(id))
			}
		})
		if !slices.Contains(out, b.String()) {
			out = append(out, b.String())
		}
	}
	return out
}

// through is the value after it went through a place.
func (f *follower) through(v value, at string) value {
	return f.replaced(v, func(m mark) mark { return m.changed(func(o origin) origin { o.way = o.way.to(at); return o }) })
}

// part is what a place makes of a value: parts of it, or more. Its texts are not known any more.
func (f *follower) part(v value, at string) value {
	if !f.carries(v) {
		return f.unknown()
	}
	return value{f.intern(mark{origins: f.originsOf(func(o origin) origin {
		o.changed, o.cut = true, o.cut || o.named
		if at != "" {
			o.way = o.way.to(at)
		}
		return o
	}, v)})}
}

// maybe is what a program prints of which fanout does not know what it prints.
func (f *follower) maybe(v value, program string) value {
	return value{f.intern(mark{origins: f.originsOf(func(o origin) origin {
		o.changed, o.way = true, o.way.to(program)
		if o.by == "" {
			o.by = program
		}
		return o
	}, v)})}
}

// changed applies a change to all origins of a mark.
func (m mark) changed(change func(origin) origin) mark {
	m.origins = slices.Clone(m.origins)
	for i, o := range m.origins {
		m.origins[i] = change(o)
	}
	return m
}

// quote is the value as one word of shell code.
func (f *follower) quote(v value) value {
	if !f.carries(v) {
		out := make(value, len(v))
		for i, s := range v {
			if out[i] = s; len(f.names.Tokens(s)) == 0 {
				out[i] = words.QuotePOSIX(s)
			}
		}
		return out
	}
	m := mark{origins: f.originsOf(nil, v), quoted: true}
	return value{f.intern(m)}
}

// unquote is what a shell makes of the words of its code that were quoted for it.
func (f *follower) unquote(v value, at string) value {
	return f.replaced(v, func(m mark) mark {
		m.quoted = false
		return m.changed(func(o origin) origin { o.way = o.way.to(at); return o })
	})
}

// bare is the value without what is known of quotes in it.
func (f *follower) bare(v value) value {
	return f.replaced(v, func(m mark) mark { m.quoted = false; return m })
}

// one is the value as one word, which variables hold, even if an item of a batch was several.
func (f *follower) one(v value) value {
	return f.replaced(v, func(m mark) mark { m.several = m.several && m.quoted; return m })
}

// same reports whether two values hold the same, whatever the ways.
func (f *follower) same(a, b value) bool {
	if slices.Equal(a, b) {
		return true
	}
	return slices.Equal(f.keys(a), f.keys(b))
}

func (f *follower) keys(v value) []string {
	var out []string
	for _, s := range v {
		var b strings.Builder
		f.names.Split(s, func(lit string) { b.WriteString(lit) }, func(_ byte, id int) { b.WriteString("\x00" + f.marks[id].key + "\x00") })
		if !slices.Contains(out, b.String()) {
			out = append(out, b.String())
		}
	}
	slices.Sort(out)
	return out
}

// literal returns the text of a value that has only this one, without marks.
func (f *follower) literal(v value) (string, bool) {
	if len(v) != 1 || len(f.names.Tokens(v[0])) > 0 {
		return "", false
	}
	return v[0], true
}
