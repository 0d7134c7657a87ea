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

// line is the words of a command line: those of fanout itself, and those from COMMAND on.
type line struct {
	set        *pflag.FlagSet
	own, words []string
	valued     bool // the last of its own is no flag, or has its value
}

// lineOf finds where COMMAND begins, by the rules of flags. What is wrong with flags is not told:
// who reads them does.
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

// flagOf is the flag of a word, the last of several in one, and whether the word has its value.
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

// bare is the flag right before COMMAND, if it stands there without the value that it may have.
func (l line) bare() *pflag.Flag {
	if l.valued || len(l.words) == 0 {
		return nil
	}
	f, _ := flagOf(l.set, l.own[len(l.own)-1])
	return f
}

// typed is the line of a command, as it was typed: of a subcommand, what stands behind its name.
func (a *app) typed(c *cobra.Command) line {
	args := a.args
	if c.HasParent() {
		args = args[slices.Index(args, c.Name())+1:]
	}
	return lineOf(c.Flags(), args)
}

// takeColons leaves out the : behind --header, which is how parallel has it.
func takeColons(root *cobra.Command, args []string) []string {
	set, begin := root.Flags(), 0
	if len(args) > 0 {
		if sub := subcommand(root, args[0]); sub != nil {
			set, begin = sub.Flags(), 1
		}
	}
	for {
		l := lineOf(set, args[begin:])
		if f := l.bare(); f == nil || f.Name != "header" || l.words[0] != ":" {
			return args
		}
		at := begin + len(l.own)
		args = append(slices.Clone(args[:at]), args[at+1:]...)
	}
}

func subcommand(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// checkBare refuses a COMMAND that was meant as the value of the flag before it.
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
	return fmt.Errorf("%q would be COMMAND here: write --%s=%s; a program of that name is -- %s", word, f.Name, value, word)
}

// truths is words for true and false, some of which are programs, too.
func truths() map[string]string {
	return map[string]string{"true": "true", "yes": "true", "on": "true", "1": "true", "false": "false", "no": "false", "off": "false", "0": "false"}
}

// behind is what to say of a COMMAND that is not there, if the flag before it takes a word.
func (l line) behind() string {
	f := l.bare()
	if f == nil || wordsOf(f) == nil {
		return ""
	}
	return hint.Behind.Say("--"+f.Name, strings.Join(wordsOf(f), ", "))
}

// isCommand says that a word can be a whole COMMAND: a script, or a program that is there.
func isCommand(word string) bool {
	_, err := process.LookPath(word, process.SearchPath(), "")
	return err == nil || strings.ContainsAny(word, " |;&")
}
