package hint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// brace is a placeholder of another runner that is text in fanout.
type brace struct {
	body  string // a regular expression for the text between the braces
	whose string // the runner
	way   string // the fanout way; $1 is the match of the first parentheses in body
	code  bool   // programs of awk, python and the like contain such braces, so nothing is said there
}

// braces lists them by the manuals of parallel 20221122 and rush 0.9. It leaves out {,x}, which is bash's,
// and the placeholders of fd, xe and xargs, which fanout has too.
func braces() []brace {
	const inScript = " in a quoted script"
	return []brace{
		{`\.\.\.`, "parallel", "{..}, which leaves out all extensions", false},
		{`/\.\.\.`, "parallel", "{/..}, which leaves out all extensions", false},
		{`\+/`, "parallel", "{//}/", false},
		{`\+\.\.\.?`, "parallel", `f={/}; "${f#*.}"` + inScript, false},
		{`0([#%])`, "parallel", `$(printf %04d {$1})` + inScript, false},
		{`uniq`, "parallel", `[[ {1} = {2} ]] || …` + inScript, false},
		{`choose_k`, "parallel", `[[ {1} < {2} ]] && …` + inScript, false},
		{`slot`, "parallel", "{%}", true},
		{`sshlogin`, "parallel", "{host}", true},
		{`([1-9][0-9]?)\.\.\.`, "parallel", "{$1..}, which leaves out all extensions", false},
		{`:-(.+)`, "parallel", `f={}; "${f:-$1}"` + inScript, true},
		{`:([0-9]+(?::[0-9]+)?)`, "parallel", `f={}; "${f:$1}"` + inScript, true},
		{`%\.`, "rush", "{/.}", false},
		{`%:`, "rush", "{/..}", false},
		{`##([A-Za-z._-][\w.:@=+-]*)`, "parallel", "{#$1}", true},
		{`%%([\w.@=+-]{3,}|\.[a-zA-Z])`, "parallel", "{%$1}", true},
		{`##?([A-Za-z._-][^\s}]+)`, "parallel", `f={}; "${f#$1}"` + inScript, true},
		{`%%?([A-Za-z0-9._-]+[^\s}%]*)`, "parallel", `f={}; "${f%$1}"` + inScript, true},
		{`/([^/,\s]+)/([^/,\s]*)`, "parallel", `f={}; "${f/$1/$2}"` + inScript, true},
		{`\^\^([^\s\\]+)`, "parallel", `f={}; "${f^^$1}"` + inScript, true},
		{`\^([._-][\w.@=+-]{2,})`, "rush", "{%$1}", true},
		{`\^([A-Za-z._-][^\s\\]*)`, "rush", `f={}; "${f%$1}"` + inScript, true},
		{`:`, "rush", "{..}", true},
		{`([1-9][0-9]?):`, "rush", "{$1..}", true},
		{`([1-9][0-9]?)%(\.?)`, "rush", "{$1/$2}", true},
		{`@([^\s]*\([^\s]+\)[^\s]*)`, "rush", `[[ {} =~ $1 ]] && … "${BASH_REMATCH[1]}"` + inScript, true},
	}
}

const (
	begins = ".+/#%^:@-0123456789usc="              // the first bytes of bodies: most braces have others
	before = "$%@^#{"                               // braces behind these belong to the shell, curl, git, ruby or a template
	verb   = `^%[-+ #0-9.]*(?:hh?|ll?|z)?[a-zA-Z]$` // what printf and date fill in
	perl   = `f={}; and what bash has, such as "${f%.*}", in a quoted script`
)

// Brace returns the placeholder of another runner that begins at word[i], and a hint about it; "" and "" if
// there is none. Coded says that the word may be the text of a program.
func Brace(word string, i int, coded bool) (placeholder, say string) {
	n := strings.IndexByte(word[i:], '}')
	if i > 0 && strings.IndexByte(before, word[i-1]) >= 0 || n < 2 || strings.HasPrefix(word[i+n+1:], "}") {
		return "", ""
	}
	body := word[i+1 : i+n]
	if strings.IndexByte(begins, body[0]) < 0 || regexp.MustCompile(verb).MatchString(body) {
		return "", ""
	}
	if body[0] == '=' { // the text between the signs may contain braces
		n := strings.Index(word[i+2:], "=}")
		if n < 1 {
			return "", ""
		}
		placeholder = word[i : i+2+n+2]
		return placeholder, Braces.Say(placeholder, "parallel", "write "+perl)
	}
	for _, b := range braces() {
		found := regexp.MustCompile("^(?:" + b.body + ")$").FindStringSubmatch(body)
		if found == nil || b.code && coded {
			continue
		}
		way := "write " + b.way
		for i, part := range found[1:] {
			way = strings.ReplaceAll(way, fmt.Sprintf("$%d", i+1), part)
		}
		placeholder = "{" + body + "}"
		return placeholder, Braces.Say(placeholder, b.whose, way)
	}
	return "", ""
}

// Coded reports whether a COMMAND names a program whose arguments are the text of programs.
func Coded(command string) bool {
	words := strings.FieldsFunc(command, func(r rune) bool { return strings.ContainsRune(" \t\n|&;()/'\"", r) })
	return slices.ContainsFunc(words, func(word string) bool {
		for _, name := range []string{
			"awk", "gawk", "mawk", "sed", "perl", "python", "ruby", "node", "php", "jq", "lua", "tclsh",
			"latex", "pdflatex", "xelatex", "lualatex", "tex", "pandoc", "printf", "gsed", "ed", "ex", "vi", "vim",
		} {
			if rest, ok := strings.CutPrefix(word, name); ok && strings.Trim(rest, "0123456789.") == "" {
				return true
			}
		}
		return false
	})
}
