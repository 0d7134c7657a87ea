package script

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// quoting is what surrounds a placeholder in a script.
type quoting uint8

const (
	unseen       quoting = iota // the walk has not come by
	bare                        // no quotes
	inDouble                    // double quotes or a here-document
	inSingle                    // single quotes
	inANSI                      // $'…'
	inArithmetic                // arithmetic: no quotes, and the value is checked
	inComment                   // in a comment: it is text
)

// occurrence is one token in a script, and what the walk found out about it.
type occurrence struct {
	words.Token
	id       int
	quoting  quoting
	integer  bool // the item must be an integer
	spaced   bool // a blank may stand before it
	repeated bool // its word is repeated for each item
	whole    bool // it is all of its word
}

// expand writes an expansion of the variable for the place where it stands,
// behind what was written before.
func (o *occurrence) expand(variable, before string) string {
	exp := "${" + variable + "}"
	switch o.quoting {
	case bare:
		return `"` + exp + `"`
	case inSingle:
		return `'"` + exp + `"'`
	case inANSI:
		return `'"` + exp + `"$'`
	case inArithmetic:
		if o.spaced && before != "" && strings.ContainsAny(before[len(before)-1:], "+-") {
			return " " + exp // 1-{} is no decrement when the item is -1
		}
		return exp
	default:
		return exp
	}
}

// Script is what stands in the place of a token that takes no parameter: in a
// inComment what the user wrote, else the literal of a {{}}.
func (o *occurrence) text() string {
	switch o.quoting {
	case inComment:
		return o.Source
	case bare:
		return "'" + o.Literal + "'"
	}
	return o.Literal
}

// standIns makes the names that stand in for placeholders: valid shell names that
// do not occur in the script, so that lexing cannot change.
type standIns struct{ prefix string }

func newStandIns(text string) standIns {
	prefix := "__fanout"
	for i := 0; strings.Contains(text, prefix); i++ {
		prefix = "__fanout" + strconv.Itoa(i)
	}
	return standIns{prefix + "_"}
}

func (n standIns) token(id int) string { return n.prefix + "s" + strconv.Itoa(id) + "_" }
func (n standIns) word(id int) string  { return n.prefix + "w" + strconv.Itoa(id) + "_" }
func (n standIns) param(k int) string  { return n.prefix + strconv.Itoa(k) }

// next finds the first stand-in in text: its kind, 's' or 'w', and its number.
func (n standIns) next(text string) (start, end int, kind byte, id int, ok bool) {
	start = strings.Index(text, n.prefix)
	if start < 0 {
		return 0, 0, 0, 0, false
	}
	rest := text[start+len(n.prefix):]
	i := strings.IndexByte(rest, '_')
	if i < 2 {
		return 0, 0, 0, 0, false
	}
	id, err := strconv.Atoi(rest[1:i])
	return start, start + len(n.prefix) + i + 1, rest[0], id, err == nil
}

// tokens lists the numbers of the tokens that stand in text.
func (n standIns) tokens(text string) []int {
	var ids []int
	for {
		_, end, kind, id, ok := n.next(text)
		if !ok {
			return ids
		}
		if kind == 's' {
			ids = append(ids, id)
		}
		text = text[end:]
	}
}

// under lists the tokens anywhere below a node.
func (n standIns) under(node syntax.Node) []int {
	var ids []int
	syntax.Walk(node, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Lit:
			ids = append(ids, n.tokens(node.Value)...)
		case *syntax.SglQuoted:
			ids = append(ids, n.tokens(node.Value)...)
		}
		return true
	})
	return ids
}

// split cuts text at its stand-ins, giving each piece to lit or to name.
func (n standIns) split(text string, lit func(string), name func(kind byte, id int)) {
	for {
		start, end, kind, id, ok := n.next(text)
		if !ok {
			lit(text)
			return
		}
		lit(text[:start])
		name(kind, id)
		text = text[end:]
	}
}

// without is text without its stand-ins.
func (n standIns) without(text string) string {
	var b strings.Builder
	n.split(text, func(lit string) { b.WriteString(lit) }, func(byte, int) {})
	return b.String()
}

// substitute puts stand-ins in the place of the tokens.
func (n standIns) substitute(text string, toks []words.Token, first int) string {
	var b strings.Builder
	at := 0
	for i, t := range toks {
		b.WriteString(text[at:t.Start])
		b.WriteString(n.token(first + i))
		at = t.End
	}
	b.WriteString(text[at:])
	return b.String()
}
