package words

import (
	"slices"
	"strings"
)

// shape is the kind of a placeholder that other programs may write between braces as well.
type shape uint8

const (
	usual    shape = iota // {}, {.}, {2}, {name/}, or no placeholder at all
	dotted                // {..}, {/..}, {+.}
	backward              // {-1}
	cutting               // {%TEXT}, {#TEXT}
	changing              // {/TEXT/NEW}
)

// shapeOf looks at the text between braces.
func shapeOf(body string) (shape, edit) {
	body = strings.TrimSuffix(body, ":q")
	if _, e, ok := readEdit(body); ok {
		if e.sign == '/' {
			return changing, e
		}
		return cutting, e
	}
	if len(body) > 1 && body[0] == '-' && '1' <= body[1] && body[1] <= '9' {
		return backward, edit{}
	}
	if strings.Contains(body, "{") {
		return usual, edit{}
	}
	if strings.HasSuffix(body, "..") || strings.HasSuffix(body, "+.") {
		return dotted, edit{}
	}
	return usual, edit{}
}

// foreign reports whether the braces text[i:end] are likelier text than a placeholder of one of these shapes:
//
//   - behind $, % and #, they belong to bash, curl, ruby or TeX;
//   - {-1} and {/TEXT/NEW} behind @ and ^ belong to git;
//   - {{#list}} with {{/list}} behind it is a section of a template, and {#name} in "## A heading {#name}" is one of
//     Markdown;
//   - in program text of awk, sed and the like, they belong to the program.
//
// The names of fields are never foreign.
func (s *Scope) foreign(text string, i, end int, body string, script bool) bool {
	kind, e := shapeOf(body)
	if kind == usual || slices.Contains(s.Names, body) || s.Rows != nil && slices.Contains(s.Rows.Names, body) {
		return false
	}
	if i > 0 {
		switch c := text[i-1]; {
		case c == '%' || c == '#' || OddRun(text[:i], '$'):
			return true
		case (c == '@' || c == '^') && (kind == backward || kind == changing):
			return true
		}
	}
	line := text[strings.LastIndexAny(text[:i], "\n'\"")+1 : i]
	if e.sign == '#' && (strings.Contains(text[end:], "{{/"+e.text+"}}") || strings.HasPrefix(line, "#")) {
		return true
	}
	if kind == dotted || !s.Coded {
		return false
	}
	word := text
	if script {
		word = quoted(text, i)
	}
	code := strings.ContainsAny(strings.Replace(word, text[i:end], "", 1), " \t\n;()'\"$\\{")
	switch kind {
	case changing: // sed has {/TEXT/p}
		return !script || word != "" || len(e.new) <= 1
	case cutting:
		return code && strings.IndexByte("._-", e.text[0]) < 0
	}
	return code
}

// quoted returns the text of the quotes of a script around the place i; "" outside of quotes.
func quoted(text string, i int) string {
	for _, quote := range []string{"'", `"`} {
		if strings.Count(text[:i], quote)%2 == 0 {
			continue
		}
		begin, end := strings.LastIndex(text[:i], quote)+1, strings.Index(text[i:], quote)
		if end < 0 {
			return text[begin:]
		}
		return text[begin : i+end]
	}
	return ""
}
