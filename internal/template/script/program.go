package script

import (
	"fmt"
	"slices"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/template/flow"
	"fanout/internal/template/words"
)

// shellText are the bytes that make a single word a script.
const shellText = " \t\r\n|&;<>()$`\\\"'*?[~=#!"

// operators are arguments that a shell would have read as syntax.
var operators = []string{
	"|", "||", "&&", ";", ";;", "&", "|&", ">", ">>", "<", "<<<", "2>", "2>>", "&>", "&>>", "2>&1", ">&2", "1>&2",
}

// IsScript reports whether COMMAND is the text of a script.
func IsScript(scope *words.Scope, command []string) (bool, error) {
	if len(command) != 1 {
		return false, nil
	}
	toks, err := scope.Scan(command[0], true)
	if err != nil {
		return false, err
	}
	text := withoutTokens(command[0], toks)
	i := strings.IndexByte(text, '{')
	braces := i >= 0 && (strings.Contains(text[i:], ",") || strings.Contains(text[i:], ".."))
	return braces || strings.ContainsAny(text, shellText), nil
}

// withoutTokens removes the tokens from a text.
func withoutTokens(text string, toks []words.Token) string {
	var b strings.Builder
	at := 0
	for _, t := range toks {
		b.WriteString(text[at:t.Start])
		at = t.End
	}
	return b.String() + text[at:]
}

// CompileProgram turns the words of a program into a plan of one command, and returns the warnings. Unless
// the items are piped to it, they are appended to a program without placeholders.
func CompileProgram(command []string, options Options) (*words.Plan, []string, error) {
	w := &walker{standIns: flow.NewStandIns(strings.Join(command, "\x00"))}
	raw := make([]string, len(command))
	found := false
	for i, word := range command {
		toks, err := options.Scope.Scan(word, false)
		if err != nil {
			return nil, nil, unplaced(err, word)
		}
		raw[i] = w.standIns.Substitute(word, toks, len(w.occs))
		for _, t := range toks {
			w.occs = append(w.occs, &occurrence{Token: t, id: len(w.occs)})
			found = found || t.Literal == ""
		}
	}
	if !found && !options.Piped {
		id := len(w.occs)
		w.occs = append(w.occs, &occurrence{Token: appendedToken(options.Scope, 0), id: id})
		raw = append(raw, w.standIns.Token(id))
	}
	var c words.Command
	var warnings []string
	for _, text := range raw {
		c.Words = append(c.Words, words.NewWord(w.segments(text)))
		if slices.Contains(operators, text) {
			warnings = append(warnings, hint.Operator.Say(text, words.QuotePOSIX(strings.Join(command, " "))))
		}
	}
	check := flow.Script{Names: w.standIns, Tokens: tokensOf(w.occs), Batched: options.Scope.Several, Programs: options.Programs, Parse: parseCode}
	for _, f := range flow.Words(raw, check) {
		e := &words.Error{Msg: w.occs[f.ID].Source + ": " + f.Msg, Hint: f.Hint}
		switch f.Kind {
		case flow.Refusal:
			return nil, nil, e
		case flow.Warning:
			warnings = append(warnings, e.Error())
		}
	}
	if name, ok := c.Words[0].Literal(); ok && slices.Contains(inProcess, name) {
		c.Builtin = name
	}
	return &words.Plan{Steps: []words.Step{{Pipeline: []words.Command{c}}}}, warnings, nil
}

// tokensOf lists the tokens of occurrences.
func tokensOf(occs []*occurrence) []words.Token {
	out := make([]words.Token, len(occs))
	for i, o := range occs {
		out[i] = o.Token
	}
	return out
}

// unplaced removes the position from an error: the words of a program have none.
func unplaced(err error, word string) error {
	e, ok := err.(*words.Error)
	if !ok {
		return err
	}
	return &words.Error{Msg: fmt.Sprintf("argument %q: %s", words.Clip(word), e.Msg), Hint: e.Hint}
}
