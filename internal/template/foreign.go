package template

import (
	"slices"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/template/words"
	"fanout/internal/text"
)

// foreign returns hints about braces that are placeholders in other runners, but text in fanout.
func foreign(scope *words.Scope, command []string, script bool) (hints []string) {
	const longest = 300
	var told []string
	for _, word := range command {
		toks, err := scope.Scan(word, script)
		if err != nil {
			return nil
		}
		for i := 0; i < len(word); i++ {
			if len(toks) > 0 && i == toks[0].Start {
				i = toks[0].End - 1
				toks = toks[1:]
				continue
			}
			if word[i] != '{' || script && words.OddRun(word[:i], '\\') {
				continue
			}
			placeholder, say := hint.Brace(word, i, scope.Coded && programText(word, i, script))
			if say == "" {
				continue
			}
			if !slices.Contains(told, placeholder) {
				told = append(told, placeholder)
				hints = append(hints, text.Printable(say, longest))
			}
			i += len(placeholder) - 1
		}
	}
	return hints
}

// programText reports whether a place in a word is probably in the text of a program: within quotes of a
// script, or in a word that is more than a name.
func programText(word string, i int, script bool) bool {
	if script {
		return strings.Count(word[:i], "'")%2 == 1 || strings.Count(word[:i], `"`)%2 == 1
	}
	return strings.ContainsAny(word, " \t\n;()'\"$")
}
