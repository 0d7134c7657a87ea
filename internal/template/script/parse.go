package script

import (
	"errors"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"fanout/internal/template/words"
)

// parseScript parses bash. Its errors are *words.Error without a hint.
//
// The parser must read a script as bash does. Where it reads otherwise, the walk would check something that
// bash does not run.
func parseScript(text string, comments bool) (*syntax.File, error) {
	f, err := parseText(parsable(text), syntax.KeepComments(comments))
	var pe syntax.ParseError
	var le syntax.LangError
	switch {
	case errors.As(err, &pe):
		return nil, &words.Error{Line: int(pe.Pos.Line()), Col: int(pe.Pos.Col()), Msg: plainly(pe.Text)}
	case errors.As(err, &le):
		e := &words.Error{Line: int(le.Pos.Line()), Col: int(le.Pos.Col())}
		le.Filename, le.Pos = "", syntax.Pos{}
		e.Msg = "not bash: " + le.Error()
		return nil, e
	case err != nil:
		return nil, &words.Error{Msg: err.Error()}
	}
	return f, nil
}

// plainly says what the parser says in words that need no knowledge of parsers.
func plainly(said string) string {
	const unclosed, unmatched = "reached EOF without closing quote ", "reached EOF without matching "
	if quote, ok := strings.CutPrefix(said, unclosed); ok {
		return "the quote " + quote + " is not closed"
	}
	if pair, ok := strings.CutPrefix(said, unmatched); ok {
		left, right, _ := strings.Cut(pair, " with ")
		return left + " is not closed by " + right
	}
	if left, ok := strings.CutSuffix(said, " must be followed by a statement"); ok {
		return "a command is missing after " + left
	}
	if left, ok := strings.CutSuffix(said, " can only immediately follow a statement"); ok {
		return "a command is missing before " + left
	}
	if at, ok := strings.CutPrefix(said, "a command can only contain words and redirects; encountered "); ok {
		return at + " cannot stand here; quote it if it is text"
	}
	return strings.NewReplacer(" <cond>`", "`", "`for foo`", "`for`", "`foo()`", "`()`", "`foo(`", "`(`").Replace(said)
}

func parseText(text string, options ...syntax.ParserOption) (*syntax.File, error) {
	options = append(options, syntax.Variant(syntax.LangBash))
	return syntax.NewParser(options...).Parse(strings.NewReader(text), "")
}

// filler is a character without a meaning, both in words and in comments.
const filler = '\x02'

// parsable returns a text of the same length, with [filler] in place of each byte that the parser reads
// otherwise than bash: in bash, a carriage return is part of a word, a byte that is not UTF-8 is too, and a
// comment never continues on the next line.
func parsable(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, '\r') < 0 && !strings.Contains(text, "\\\n") {
		return text
	}
	out := []byte(text)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == '\r' || r == utf8.RuneError && n == 1 {
			out[i] = filler
		}
		i += n
	}
	for hash := strings.IndexByte(text, '#'); hash >= 0; {
		end := continuedComment(string(out))
		if end < 0 || out[end] != '\\' {
			break
		}
		out[end] = filler
	}
	return string(out)
}

// continuedComment finds the first backslash at the end of a comment, which the parser takes for a continued
// line.
func continuedComment(text string) int {
	f, err := parseText(text, syntax.KeepComments(true))
	if err == nil {
		return commentEnd(f, text, len(text))
	}
	for end := range len(text) { // the joined lines may not be bash
		if !strings.HasPrefix(text[end:], "\\\n") || words.OddRun(text[:end], '\\') {
			continue
		}
		if line := text[strings.LastIndexByte(text[:end], '\n')+1 : end]; !strings.Contains(line, "#") {
			continue
		}
		const goesOn = 1000
		for _, after := range []string{"", "\n:"} { // some comments belong to what follows
			f, _ := parseText(text[:end+2]+after, syntax.KeepComments(true), syntax.RecoverErrors(goesOn))
			if found := commentEnd(f, text, end+2); found >= 0 {
				return found
			}
		}
	}
	return -1
}

// commentEnd finds the backslash at the end of the first comment that seems to continue, before limit.
func commentEnd(f *syntax.File, text string, limit int) int {
	found := -1
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Comment); ok && found < 0 && strings.HasSuffix(c.Text, "\\\n") {
			hash := int(c.Hash.Offset())
			if line := strings.IndexByte(text[hash:limit], '\n'); line > 0 {
				found = hash + line - 1
			}
		}
		return true
	})
	return found
}

// misread finds the first place that bash reads otherwise than the parser. It returns the offset, or -1.
func misread(f *syntax.File, text string) int {
	at := -1
	note := func(n int) {
		if at < 0 || n < at {
			at = n
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ArrayExpr: // x=(a)b is one word
			if end := int(n.End().Offset()); end < len(text) && !strings.ContainsRune(" \t\n;&|()<>`", rune(text[end])) {
				note(end)
			}
		case *syntax.Redirect: // >&-x closes, and x is a word
			start, end := int(n.Word.Pos().Offset()), int(n.Word.End().Offset())
			if (n.Op == syntax.DplIn || n.Op == syntax.DplOut) && end > start+1 && text[start] == '-' {
				note(start + 1)
			}
		case *syntax.CallExpr: // coproc a x=1 has no assignment; !(a) is a subshell, mostly
			if len(n.Args) == 0 {
				break
			}
			first := n.Args[0]
			if len(n.Assigns) > 0 && first.Pos().Offset() < n.Assigns[len(n.Assigns)-1].Pos().Offset() {
				note(int(first.Pos().Offset()))
			}
			if _, ok := first.Parts[0].(*syntax.ExtGlob); ok {
				note(int(first.Pos().Offset()))
			}
		case *syntax.Stmt: // let a &>b redirects
			if _, ok := n.Cmd.(*syntax.LetClause); ok && n.Background {
				note(int(n.Semicolon.Offset()))
			}
		case *syntax.LetClause: // let a|b is a pipeline
			for _, x := range n.Exprs {
				syntax.Walk(x, func(n syntax.Node) bool {
					if b, ok := n.(*syntax.BinaryArithm); ok && strings.ContainsAny(b.Op.String(), "<>|&") {
						note(int(b.OpPos.Offset()))
					}
					_, quoted := n.(*syntax.DblQuoted)
					return !quoted
				})
			}
		}
		return true
	})
	return at
}
