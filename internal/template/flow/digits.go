package flow

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// People cut numbers out of names with grep, sed, awk and [[ =~ ]]. What is left is a number whatever the item was.

var (
	digitsOnly  = regexp.MustCompile(`^(\\d|\[0-9\]|\[\[:digit:\]\])(\\?[+*]|\\?\{[0-9]+(,[0-9]*)?\\?\}|\[0-9\]\*|\[\[:digit:\]\]\*)?$`)
	lookaround  = regexp.MustCompile(`\(\?<?[=!][^()]*\)`)
	sedDigits   = regexp.MustCompile(`^s([/,|#])\[\^(0-9|\[:digit:\])\]\*?([/,|#])([/,|#])g$`)
	awkNumber   = regexp.MustCompile(`^(\{? *(print|printf *"%[0-9]*d(\\n)?",) *(\$?[A-Za-z0-9_]+ *[+*/-] *[0-9.]+|NF|NR|length(\([^()]*\))?|int\([^()]*\)) *;? *\}?)$`)
	awkSum      = regexp.MustCompile(`^\{ *([a-z]+) *\+= *\$?[A-Za-z0-9]+ *;? *\} *END *\{ *print +([a-z]+)( *[+*/-] *[0-9.]+)? *;? *\}$`)
	digitGroups = regexp.MustCompile(`\(([^()]*)\)`)
)

// onlyDigits recognises filters that let only digits through.
func (f *follower) onlyDigits(name string, p *Program, args []arg) bool {
	flags := ""
	for _, a := range args {
		if len(a.text) > 1 && a.text[0] == '-' && a.text[1] != '-' {
			flags += a.text
		}
	}
	operands := p.operands(args)
	first := ""
	if len(operands) > 0 && len(args[operands[0]].ids) == 0 && !args[operands[0]].dynamic {
		first = args[operands[0]].text
	}
	switch name {
	case "tr":
		return strings.Contains(flags, "d") && strings.ContainsAny(flags, "cC") &&
			slices.Contains([]string{"0-9", "[:digit:]", `0-9\n`, `[:digit:]\n`, `0-9\012`}, first)
	case "grep", "egrep", "fgrep", "rg":
		if !strings.Contains(flags, "o") || strings.ContainsAny(flags, "Hnebf") {
			return false
		}
		if _, kept, cut := strings.Cut(first, `\K`); cut {
			first = kept
		}
		return digitsOnly.MatchString(lookaround.ReplaceAllString(first, ""))
	case "sed", "gsed":
		return len(operands) == 1 && strings.Trim(flags, "-rEnu") == "" && sedDigits.MatchString(first)
	case "awk", "gawk", "mawk":
		text := strings.TrimSpace(first)
		if sum := awkSum.FindStringSubmatch(text); sum != nil {
			return sum[1] == sum[2]
		}
		text = strings.TrimSpace(strings.TrimPrefix(text, "BEGIN"))
		return awkNumber.MatchString(text)
	}
	return false
}

// groups says what [[ x =~ REGEX ]] leaves in BASH_REMATCH: the whole, and the groups, of which some are only digits.
func (f *follower) groups(v, regex value) []word {
	all := word{text: f.part(v, "${BASH_REMATCH[@]}")[0], open: true}
	text, ok := f.literal(regex)
	if !ok || strings.ContainsAny(strings.ReplaceAll(text, `\(`, ""), "|") || strings.Contains(text, `\)`) {
		return []word{all}
	}
	found := digitGroups.FindAllStringSubmatch(text, -1)
	if len(found) != strings.Count(text, "(") {
		return []word{all}
	}
	list := []word{{text: all.text}}
	for _, g := range found {
		w := word{text: all.text}
		if digitsOnly.MatchString(g[1]) {
			w.text = f.clean()
		}
		list = append(list, w)
	}
	return list
}

// checked follows what is known behind a condition that holds: behind [[ $x =~ ^[0-9]+$ ]], x is a number.
func (f *follower) checked(s *syntax.Stmt, st *state) {
	if s == nil || s.Negated || len(s.Redirs) > 0 {
		return
	}
	clause, ok := s.Cmd.(*syntax.TestClause)
	if !ok {
		if b, is := s.Cmd.(*syntax.BinaryCmd); is && b.Op == syntax.AndStmt {
			f.checked(b.X, st)
			f.checked(b.Y, st)
		}
		return
	}
	test, ok := clause.X.(*syntax.BinaryTest)
	if !ok || test.Op != syntax.TsReMatch {
		return
	}
	left, _ := test.X.(*syntax.Word)
	right, _ := test.Y.(*syntax.Word)
	if left == nil || right == nil {
		return
	}
	regex, ok := f.literal(f.single(right, st))
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(regex, "^"), "-?"), "$")
	if !ok || !strings.HasPrefix(regex, "^") || !strings.HasSuffix(regex, "$") || !digitsOnly.MatchString(inner) {
		return
	}
	f.isNumber(left, st)
}

// isNumber notes that the variable that makes up a word is a number.
func (f *follower) isNumber(w *syntax.Word, st *state) {
	parts := w.Parts
	if len(parts) == 1 {
		if d, ok := parts[0].(*syntax.DblQuoted); ok {
			parts = d.Parts
		}
	}
	if len(parts) != 1 {
		return
	}
	p, ok := parts[0].(*syntax.ParamExp)
	if !ok || p.Param == nil || p.Excl || p.Length || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Exp != nil || isParameter(p.Param.Value) {
		return
	}
	name := f.target(p.Param.Value, st)
	if v, known := st.vars[name]; known && v.lists == nil {
		v.val = f.unknown()
		st.vars[name] = v
	}
}

// refusesOthers recognises case $n in ”|*[!0-9]*) exit ;; esac: behind it, n is a number.
func (f *follower) refusesOthers(item *syntax.CaseItem) bool {
	return slices.ContainsFunc(item.Patterns, func(w *syntax.Word) bool {
		lit := w.Lit()
		return lit == "*[!0-9]*" || lit == "*[^0-9]*" || lit == "*[![:digit:]]*" || lit == "*[^[:digit:]]*"
	})
}
