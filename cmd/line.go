package cmd

import (
	"fmt"
	"slices"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/process"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// line is a command line in two parts: the words for fanout itself, and those from COMMAND on.
type line struct {
	set        *pflag.FlagSet
	own, words []string
	valued     bool // the last own word is not a flag, or has its value
}

// lineOf finds where COMMAND begins, by the rules of flags. It leaves errors in flags to the parser.
func lineOf(set *pflag.FlagSet, args []string) line {
	i, valued := 0, true
	for i < len(args) && len(args[i]) > 1 && args[i][0] == '-' {
		word := args[i]
		i++
		if word == "--" {
			valued = true
			break
		}
		var f *pflag.Flag
		f, valued = flagOf(set, word)
		if f != nil && !valued && f.NoOptDefVal == "" {
			i, valued = i+1, true
		}
	}
	i = min(i, len(args))
	return line{set: set, own: args[:i], words: args[i:], valued: valued}
}

// flagOf returns the flag of a word, the last one if the word has several, and whether the word includes its value.
func flagOf(set *pflag.FlagSet, word string) (f *pflag.Flag, valued bool) {
	if name, long := strings.CutPrefix(word, "--"); long {
		name, _, valued = strings.Cut(name, "=")
		return set.Lookup(name), valued
	}
	for i := 1; i < len(word); i++ {
		if f = set.ShorthandLookup(word[i : i+1]); f == nil {
			return nil, false
		}
		if rest := word[i+1:]; rest != "" && (f.NoOptDefVal == "" || rest[0] == '=') {
			return f, true
		}
	}
	return f, false
}

// bare returns the flag right before COMMAND if it has an optional value and none is given.
func (l line) bare() *pflag.Flag {
	if l.valued || len(l.words) == 0 {
		return nil
	}
	f, _ := flagOf(l.set, l.own[len(l.own)-1])
	return f
}

// typed returns the line of a command as it was typed; for a subcommand, what follows its name.
func (a *app) typed(c *cobra.Command) line {
	args := a.args
	if c.HasParent() {
		args = args[slices.Index(args, c.Name())+1:]
	}
	return lineOf(c.Flags(), args)
}

// subcommand returns the subcommand of a name, or nil.
func subcommand(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// checkBare refuses a COMMAND that is meant as the value of the flag before it.
func (l line) checkBare() error {
	f := l.bare()
	if f == nil {
		return nil
	}
	word := l.words[0]
	value := ""
	if f.Value.Type() == "bool" && len(l.words) > 1 && isCommand(l.words[1]) {
		value = truths()[strings.ToLower(word)]
	}
	if slices.ContainsFunc(wordsOf(f), func(w string) bool { return strings.EqualFold(w, word) }) {
		value = word
	}
	if value == "" {
		return nil
	}
	return fmt.Errorf("%q would be COMMAND here: write --%s=%s; to run a program called %[4]s: -- %[4]s", word, f.Name, value, word)
}

// truths lists words for true and false. Some are also programs.
func truths() map[string]string {
	return map[string]string{"true": "true", "yes": "true", "on": "true", "1": "true", "false": "false", "no": "false", "off": "false", "0": "false"}
}

// behind returns a hint for a COMMAND that does not exist, if the flag before it takes one of a few words.
func (l line) behind() string {
	f := l.bare()
	if f == nil || wordsOf(f) == nil {
		return ""
	}
	return hint.Behind.Say("--"+f.Name, strings.Join(wordsOf(f), ", "))
}

// isCommand reports whether a word can be a whole COMMAND: a script, or a program that exists.
func isCommand(word string) bool {
	_, err := process.LookPath(word, process.SearchPath(), "")
	return err == nil || strings.ContainsAny(word, " |;&")
}
