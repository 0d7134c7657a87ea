package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"fanout/internal/execute"
	"fanout/internal/hint"
	"fanout/internal/input"
	"fanout/internal/process"
	"fanout/internal/sysio"
	"fanout/internal/text"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// hintsOf returns hints about the words from COMMAND on.
func hintsOf(set *pflag.FlagSet, words []string) (hints []string) {
	lists := [][]string{nil} // COMMAND, and the words after each ::: and ::::
	kinds := []string{""}
	for _, word := range words {
		if word == ":::" || word == "::::" {
			lists, kinds = append(lists, nil), append(kinds, word)
			continue
		}
		last := len(lists) - 1
		lists[last] = append(lists[last], word)
	}
	for i, list := range lists {
		switch kinds[i] {
		case "":
			hints = append(hints, separators(hint.Separator, list)...)
		case ":::":
			hints = append(hints, separators(hint.SeparatorItem, list)...)
			hints = append(hints, flagItem(set, list)...)
		}
	}
	return hints
}

// separators returns a hint about a word that is nearly ::: or ::::.
func separators(kind hint.Kind, list []string) []string {
	colons := slices.ContainsFunc(list, func(word string) bool { return strings.Trim(word, ":") != "" && strings.Contains(word, ":") })
	for i, word := range list {
		rest := strings.TrimLeft(word, ":")
		n := len(word) - len(rest)
		meant := ":::"
		switch {
		case n == 2 && rest == "" && !colons && i > 0 && i < len(list)-1 && !strings.HasPrefix(list[i-1], "-"):
			// elsewhere it may well be an address
		case n == 4:
			meant = "::::"
		case n > 4:
			meant = "::: or ::::"
		case n < 3:
			continue
		}
		if rest != "" && rest != "+" {
			meant += " " + rest
		}
		return []string{kind.Say(word, meant)}
	}
	return nil
}

// flagItem returns a hint about an item that is a flag of fanout. An item that only begins with a dash is not one, and
// a list of nothing but dashed items is left alone.
func flagItem(set *pflag.FlagSet, items []string) []string {
	plain := slices.IndexFunc(items, func(item string) bool { return !strings.HasPrefix(item, "-") })
	if plain < 0 {
		return nil
	}
	for i, item := range items {
		if i > plain && isFlag(set, item, items[i+1:]) {
			return []string{hint.FlagItem.Say(item)}
		}
	}
	return nil
}

// isFlag reports whether an item is a flag of fanout that may have been meant to stand before COMMAND. A short one only
// counts at the end of the list.
func isFlag(set *pflag.FlagSet, item string, others []string) bool {
	if name, long := strings.CutPrefix(item, "--"); long {
		name, _, _ = strings.Cut(name, "=")
		return set.Lookup(name) != nil || isTaken("--"+name)
	}
	f, valued := flagOf(set, item)
	switch {
	case len(item) < 2 || item[0] != '-' || f == nil:
		return false
	case item[1] >= '0' && item[1] <= '9': // -0 may be a number
		return false
	case len(item) > 2 && !valued: // -kq: or a word
		return false
	case valued && !takes(f, item[2:]):
		return false
	case !valued && f.NoOptDefVal == "": // -j 4
		return len(others) == 1 && takes(f, others[0])
	}
	return len(others) == 0
}

// takes reports whether a flag that checks its value takes this one.
func takes(f *pflag.Flag, value string) bool {
	switch f.Value.Type() {
	case "bool", "count":
		return false
	}
	switch f.Shorthand {
	case "j", "n", "r", "t", "p", "m", "e":
		fresh := newFlags().all()
		return fresh.Set(f.Name, strings.TrimPrefix(value, "=")) == nil
	}
	return false
}

// inQuotes quotes a text for a shell.
func inQuotes(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// forShell joins words, quoted where a shell needs it.
func forShell(words []string) string {
	var all []string
	for _, word := range words {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-") != "" {
			word = inQuotes(word)
		}
		all = append(all, word)
	}
	const most = 200
	return text.Printable(strings.Join(all, " "), most)
}

// checkPresence refuses a line without COMMAND, and a COMMAND beside items that are commands.
func checkPresence(command []string, commands bool) error {
	switch {
	case !commands && len(command) == 0:
		return errors.New("COMMAND is missing: fanout [flags] COMMAND [ARG]...; if the items are commands, use fanout --commands; see fanout --help")
	case !commands || len(command) == 0:
		return nil
	case !slices.ContainsFunc(command, func(word string) bool { return !isFile(word) }):
		return fmt.Errorf("--commands runs items, and %s stands where COMMAND would; to read commands from a file, write fanout --commands %s",
			text.Name(command[0]), forShell(append([]string{"::::"}, command...)))
	}
	return fmt.Errorf("--commands runs items as commands, and COMMAND %s stands beside it; leave out one of them, or write ::: before a command: fanout --commands ::: %s",
		text.Name(command[0]), forShell([]string{strings.Join(command, " ")}))
}

// checkFirst refuses a COMMAND whose first word cannot be the name of a program, because it begins a script or is an
// assignment. sourced is true if items do not come from the words after it. found reports whether a program exists.
func checkFirst(command []string, sourced bool, found func(name string) bool) error {
	if len(command) < 2 {
		return nil
	}
	first := command[0]
	name, _, assigns := strings.Cut(first, "=")
	assigns = assigns && isVariable(strings.TrimSuffix(name, "+"))
	// A name may have blanks, also one that is made from an item, but not after the name of a program.
	program, _, blank := strings.Cut(first, " ")
	begins := blank && strings.Contains(first, "{") && (found(program) || slices.Contains(keywords(), program) || slices.Contains(builtins(), program))
	if !assigns && !begins && !strings.ContainsAny(first, ";|&<>()`$") || found(first) {
		return nil
	}
	return fmt.Errorf("%q is not a program; %s", first, scriptHint(command, sourced))
}

// scriptHint returns a hint for words of which the first is a script or begins one.
func scriptHint(command []string, sourced bool) string {
	first, others := strings.TrimSpace(command[0]), command[1:]
	word, _, blank := strings.Cut(first, " ")
	part := func(word string) bool { return strings.ContainsAny(word, "{;|&<>`$") }
	if !sourced && blank && !slices.Contains(keywords(), word) && !strings.ContainsAny(first[len(first)-1:], ";|&({") && !slices.ContainsFunc(others, part) {
		return hint.Items.Say(inQuotes(command[0]) + " ::: " + forShell(others))
	}
	return hint.Quote.Say(inQuotes(strings.Join(command, " ")))
}

// lateFlags returns a hint for flags of fanout right after a COMMAND that is a script; "" if there are none.
func lateFlags(set *pflag.FlagSet, command []string) string {
	words := command[1:]
	if t := (translation{set: set, left: words}); t.read() == nil && len(t.added) > 0 {
		words = slices.Concat(t.words, t.left)
	}
	l := lineOf(set, words)
	if len(l.own) == 0 || len(l.own[0]) < 2 || !strings.Contains(command[0], " ") {
		return ""
	}
	if f, _ := flagOf(set, l.own[0]); f == nil {
		return ""
	}
	return hint.LateFlag.Say(command[1], forShell(l.own)+" "+inQuotes(command[0])+" ...")
}

// isVariable reports whether a shell could assign to a name.
func isVariable(name string) bool {
	letter := func(r rune) bool { return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	return name != "" && letter(rune(name[0])) && strings.TrimLeftFunc(name, func(r rune) bool { return letter(r) || '0' <= r && r <= '9' }) == ""
}

// findIn returns a function that looks for programs as jobs in a directory do.
func findIn(dir string) func(name string) bool {
	return func(name string) bool {
		_, err := process.LookPath(name, process.SearchPath(), dir)
		return !errors.Is(err, fs.ErrNotExist)
	}
}

// meant adds a hint to the error about a program that does not exist.
func meant(root *cobra.Command, p planned, err error) error {
	command := p.Template.Command
	var missing *execute.CommandError
	if len(command) == 0 || !errors.As(err, &missing) || !missing.Missing() || missing.Hint != "" || missing.Name != command[0] {
		return err
	}
	switch name := missing.Name; {
	case p.behind != "":
		return fmt.Errorf("%w; %s", err, p.behind)
	case strings.ContainsAny(name, " \t\n") && lateFlags(p.all, command) != "":
		return fmt.Errorf("%w; %s", err, lateFlags(p.all, command))
	case strings.ContainsAny(name, " \t\n"), slices.Contains(keywords(), name) && len(command) > 1:
		return fmt.Errorf("%w; %s", err, scriptHint(command, len(p.Input.Sources) > 0))
	default:
		if sub := nearestCommand(root, name); sub != "" {
			return fmt.Errorf("%w; %s", err, hint.Subcommand.Say(sub))
		}
	}
	return err
}

// builtins lists what fanout does itself, and some of what only a shell can do.
func builtins() []string {
	return []string{"echo", "true", "false", ":", "cd", "export", "set", "source", "."}
}

// keywords lists words that begin scripts.
func keywords() []string {
	return []string{"if", "for", "while", "until", "case", "select", "function", "time", "{", "!", "[["}
}

// nearestCommand returns the subcommand that a name resembles, or "".
func nearestCommand(root *cobra.Command, name string) string {
	others := map[string]string{"status": "ps", "list": "ps", "jobs": "ps", "clean": "cleanup", "benchmark": "bench", "results": "report", "summary": "report"}
	if sub := others[name]; sub != "" {
		return sub
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return text.Nearest(append(names, "help", "completion"), name)
}

// readsTerminal reports whether items are typed at a terminal.
func readsTerminal(in input.Spec, stdin *os.File) bool {
	if len(in.Sources) == 0 {
		return isTerminal(stdin)
	}
	return slices.ContainsFunc(in.Sources, func(s input.Source) bool {
		switch s.Path {
		case "-", "/dev/stdin", "/dev/fd/0":
			return s.IsFile && isTerminal(stdin)
		}
		return s.IsFile && s.Path == "/dev/tty"
	})
}

// isTerminal reports whether a file is a terminal. Unlike os.File.Fd, it does not change the mode of the file, which
// other programs share.
func isTerminal(f *os.File) (is bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = conn.Control(func(fd uintptr) { is = sysio.IsTerminal(int(fd)) })
	return is && err == nil
}

// nothingRead returns a hint for a run without items whose COMMAND names files: those may have been meant. If items
// come by a pipe or from a file, having none is normal.
func nothingRead(p planned, stdin *os.File) string {
	command := p.Template.Command
	st, err := stdin.Stat()
	if len(p.Input.Sources) > 0 || p.Journal.Resume || p.Journal.Failed || err != nil || st.Mode()&fs.ModeCharDevice == 0 {
		return ""
	}
	first := len(command)
	for first > 1 && isFile(command[first-1]) {
		first--
	}
	if first == len(command) {
		return ""
	}
	return hint.NoItems.Say("fanout " + forShell(command[:first]) + " ::: " + forShell(command[first:]))
}

// isFile reports whether a regular file has this name.
func isFile(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.Mode().IsRegular()
}
