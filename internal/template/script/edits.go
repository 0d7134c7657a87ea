package script

import (
	"errors"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// edits are changes to a text, by the offsets of the parser. All text between them stays as the user wrote
// it, byte for byte.
type edits struct {
	text string
	list []edit // in order, none within another
}

type edit struct {
	start, end int
	text       string
}

// slice returns a part of the text with its changes.
func (e *edits) slice(start, end int) string {
	var b strings.Builder
	for _, c := range e.list {
		if c.start < start || c.end > end {
			continue
		}
		b.WriteString(e.text[start:c.start])
		b.WriteString(c.text)
		start = c.end
	}
	b.WriteString(e.text[start:end])
	return b.String()
}

func (e *edits) all() string { return e.slice(0, len(e.text)) }

// replace changes a part of the text, and discards earlier changes within it.
func (e *edits) replace(start, end int, text string) {
	e.list = slices.DeleteFunc(e.list, func(c edit) bool { return c.start >= start && c.end <= end })
	at, _ := slices.BinarySearchFunc(e.list, start, func(c edit, start int) int { return c.start - start })
	e.list = slices.Insert(e.list, at, edit{start, end, text})
}

// span finds the place of a word in the text. Within backquotes that escape, the parser's offsets are wrong,
// so the text at the place is parsed and compared.
func (e *edits) span(word *syntax.Word) (start, end int, err error) {
	const odd = "the text of the word cannot be found; write $(...) instead of backquotes"
	start, end = int(word.Pos().Offset()), int(word.End().Offset())
	if start > end || end > len(e.text) {
		return 0, 0, errors.New(odd)
	}
	const continued = "\\\n" // the parser counts a continued line as part of the word before
	for strings.HasSuffix(e.text[start:end], continued) && !words.OddRun(e.text[start:end-len(continued)], '\\') {
		end -= len(continued)
	}
	f, err := parseScript(": "+e.text[start:end], false)
	if err != nil {
		return 0, 0, errors.New(odd)
	}
	call, ok := f.Stmts[0].Cmd.(*syntax.CallExpr)
	if !ok || len(f.Stmts) != 1 || len(f.Stmts[0].Redirs) > 0 || len(call.Args) != 2 {
		return 0, 0, errors.New(odd)
	}
	want, err := printWord(word)
	if err != nil {
		return 0, 0, err
	}
	if got, err := printWord(call.Args[1]); err != nil || got != want {
		return 0, 0, errors.New(odd)
	}
	return start, end, nil
}

// printWord prints a word in the parser's own form.
func printWord(word *syntax.Word) (string, error) {
	var b strings.Builder
	err := syntax.NewPrinter().Print(&b, &syntax.Word{Parts: word.Parts})
	return b.String(), err
}
