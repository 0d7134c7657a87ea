package flow

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// StandIns makes the names that replace placeholders while a script is parsed: valid shell names that do not occur in
// the script, so that lexing cannot change.
type StandIns struct{ Prefix string }

// NewStandIns makes names that do not occur in the text.
func NewStandIns(text string) StandIns {
	prefix := "__fanout"
	for i := 0; strings.Contains(text, prefix); i++ {
		prefix = "__fanout" + strconv.Itoa(i)
	}
	return StandIns{prefix + "_"}
}

// Token returns the name of a token.
func (n StandIns) Token(id int) string { return n.Prefix + "s" + strconv.Itoa(id) + "_" }

// Word returns the name of a repeated word.
func (n StandIns) Word(id int) string { return n.Prefix + "w" + strconv.Itoa(id) + "_" }

// Param returns the name of the variable that keeps parameter k.
func (n StandIns) Param(k int) string { return n.Prefix + strconv.Itoa(k) }

// Next finds the first stand-in in a text: its kind, 's' for a token or 'w' for a word, and its number.
func (n StandIns) Next(text string) (start, end int, kind byte, id int, ok bool) {
	start = strings.Index(text, n.Prefix)
	if start < 0 {
		return 0, 0, 0, 0, false
	}
	rest := text[start+len(n.Prefix):]
	i := strings.IndexByte(rest, '_')
	if i < 2 {
		return 0, 0, 0, 0, false
	}
	id, err := strconv.Atoi(rest[1:i])
	return start, start + len(n.Prefix) + i + 1, rest[0], id, err == nil
}

// Tokens lists the numbers of the tokens in a text.
func (n StandIns) Tokens(text string) []int {
	var ids []int
	for {
		_, end, kind, id, ok := n.Next(text)
		if !ok {
			return ids
		}
		if kind == 's' {
			ids = append(ids, id)
		}
		text = text[end:]
	}
}

// Under lists the tokens anywhere below a node.
func (n StandIns) Under(node syntax.Node) []int {
	var ids []int
	syntax.Walk(node, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Lit:
			ids = append(ids, n.Tokens(node.Value)...)
		case *syntax.SglQuoted:
			ids = append(ids, n.Tokens(node.Value)...)
		}
		return true
	})
	return ids
}

// Split cuts a text at its stand-ins, and passes each piece to lit or to name.
func (n StandIns) Split(text string, lit func(string), name func(kind byte, id int)) {
	for {
		start, end, kind, id, ok := n.Next(text)
		if !ok {
			lit(text)
			return
		}
		lit(text[:start])
		name(kind, id)
		text = text[end:]
	}
}

// Without removes the stand-ins from a text.
func (n StandIns) Without(text string) string {
	var b strings.Builder
	n.Split(text, func(lit string) { b.WriteString(lit) }, func(byte, int) {})
	return b.String()
}

// Substitute replaces the tokens of a text by stand-ins.
func (n StandIns) Substitute(text string, toks []words.Token, first int) string {
	var b strings.Builder
	at := 0
	for i, t := range toks {
		b.WriteString(text[at:t.Start])
		b.WriteString(n.Token(first + i))
		at = t.End
	}
	b.WriteString(text[at:])
	return b.String()
}
