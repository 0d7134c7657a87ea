package script

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// standIns makes the names that replace placeholders while the script is parsed: valid shell names that do
// not occur in the script, so that lexing cannot change.
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

// next finds the first stand-in in a text: its kind, 's' for a token or 'w' for a word, and its number.
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

// tokens lists the numbers of the tokens in a text.
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

// split cuts a text at its stand-ins, and passes each piece to lit or to name.
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

// without removes the stand-ins from a text.
func (n standIns) without(text string) string {
	var b strings.Builder
	n.split(text, func(lit string) { b.WriteString(lit) }, func(byte, int) {})
	return b.String()
}

// substitute replaces the tokens of a text by stand-ins.
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
