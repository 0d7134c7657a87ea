package flow

import (
	"slices"
	"strings"
)

// arg is a word of a command as the checks see it.
type arg struct {
	text    string // with marks
	dynamic bool   // only the shell knows some parts of it, or how many words it becomes
	ids     []int  // the marks in it that may hold an item
	split   bool   // an item in it becomes several words
}

// args are the words of a command as the checks see them.
func (f *follower) args(list []word) []arg {
	out := make([]arg, len(list))
	for i, w := range list {
		out[i] = arg{text: w.text, ids: f.ids(w.text), split: w.split && len(f.ids(w.text)) > 0}
		out[i].dynamic = w.open || len(f.names.Tokens(w.text)) > len(out[i].ids)
	}
	return out
}

// idsIn lists the marks of several words.
func idsIn(args []arg) []int {
	var ids []int
	for _, a := range args {
		ids = append(ids, a.ids...)
	}
	return ids
}

// becomesSeveral reports whether a word can become several words.
func (f *follower) becomesSeveral(a arg) bool {
	return len(a.ids) > 0 && (a.dynamic || slices.ContainsFunc(a.ids, func(id int) bool { return f.marks[id].several }))
}

// isFlags recognises a bundle of options, such as -ec or +x.
func isFlags(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(text) > 1 && (text[0] == '-' || text[0] == '+') && strings.Trim(text[1:], letters) == ""
}

// isCodeFlag recognises -c and its bundles, such as -lc or -ec.
func isCodeFlag(a arg) bool {
	return len(a.ids) == 0 && strings.HasPrefix(a.text, "-") && isFlags(a.text) && strings.ContainsRune(a.text, 'c')
}

// codeIndex returns the index of the word behind -c if only options stand before it; else 0.
func codeIndex(args []arg) int {
	for i, a := range args {
		switch {
		case isCodeFlag(a):
			return i + 1
		case len(a.ids) > 0 || len(a.text) < 2 || a.text[0] != '-' && a.text[0] != '+':
			return 0
		}
	}
	return 0
}

// baseName returns the name of a program without its directory.
func baseName(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// Unescape removes the backslash before any byte, or only before the bytes in only.
func Unescape(s, only string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (only == "" || strings.IndexByte(only, s[i+1]) >= 0) {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
