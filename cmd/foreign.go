package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fanout/internal/hint"
	"fanout/internal/text"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// translation is a command line in which flags of other tools become those of fanout.
type translation struct {
	set   *pflag.FlagSet
	words []string       // of fanout, so far
	added []string       // those of them that stand for flags of other tools
	left  []string       // not yet read
	whole []string       // the whole command line, if one flag decides it
	named string         // the flag that says that {} is the item
	wrong bool           // the parser refuses the last of words: what follows does not count
	check *pflag.FlagSet // flags of fanout that check values
}

// translate replaces flags of other tools before COMMAND, and refuses those that fanout does not have.
func translate(root *cobra.Command, args []string) ([]string, error) {
	set, begin := root.Flags(), 0
	if completes(args) {
		return args, nil
	}
	if len(args) > 0 {
		if sub := subcommand(root, args[0]); sub != nil {
			set, begin = sub.Flags(), 1
		}
	}
	if set.Lookup("workers") == nil { // a subcommand with few flags
		return args, nil
	}
	t := translation{set: set, left: args[begin:]}
	if err := t.read(); err != nil {
		return nil, err
	}
	if t.whole != nil {
		return t.whole, nil
	}
	return slices.Concat(args[:begin], t.words, t.left), t.checkBraces()
}

// read reads the flags before COMMAND.
func (t *translation) read() error {
	for !t.wrong && len(t.left) > 0 && len(t.left[0]) > 1 && t.left[0][0] == '-' && t.left[0] != "--" {
		word := t.left[0]
		t.left = t.left[1:]
		one := t.cluster
		if strings.HasPrefix(word, "--") {
			one = t.long
		}
		if err := one(word); err != nil {
			return err
		}
	}
	return nil
}

// refuses returns why a flag of fanout does not take a value.
func (t *translation) refuses(flag, value string) error {
	if t.check == nil {
		t.check = newFlags().all()
	}
	if f := t.check.Lookup(flag); f != nil {
		if err := t.check.Set(flag, value); err != nil {
			return reason(f, err)
		}
	}
	return nil
}

// checkBraces refuses xargs' -I{} with a COMMAND without {}: xargs adds nothing then, but fanout adds the item.
func (t *translation) checkBraces() error {
	command := t.left
	if i := slices.IndexFunc(command, func(word string) bool { return word == ":::" || word == "::::" }); i >= 0 {
		command = command[:i]
	}
	item := regexp.MustCompile(`\{[0-9]*[./#%]*(:q)?\}`)
	if t.wrong || t.named == "" || len(command) == 0 || slices.ContainsFunc(command, item.MatchString) {
		return nil
	}
	return fmt.Errorf("%s: COMMAND has no {}, and without one the item is added at the end; write {} where it goes, or leave out %[1]s", t.named)
}

// long reads a word that begins with --.
func (t *translation) long(word string) error {
	name, value, valued := strings.Cut(word, "=")
	f := t.set.Lookup(name[2:])
	rows := foreignersOf(name)
	switch {
	case f != nil && (valued || f.NoOptDefVal == ""):
		t.own(f, word, value, valued)
		return nil
	case f != nil || len(rows) == 0:
		t.words, t.wrong = append(t.words, word), f == nil
		if name == "--header" && !valued && len(t.left) > 0 && t.left[0] == ":" {
			t.left = t.left[1:] // as GNU parallel has it
		}
		return nil
	}
	taken := rows[len(rows)-1].say == "" || len(rows) > 1
	switch kind := rows[0].value; {
	case taken && kind == noValue && valued:
		return fmt.Errorf("%s: it takes no value", text.Name(name))
	case taken && kind == hasValue && !valued:
		if len(t.left) == 0 {
			return fmt.Errorf("%s needs a value", name)
		}
		value, t.left = t.left[0], t.left[1:]
	}
	return t.take(name, value, rows)
}

// cluster reads a word of short flags, such as -0P4.
func (t *translation) cluster(word string) error {
	own := "-" // flags of fanout that are not yet among the words
	for i := 1; i < len(word); i++ {
		name, rest := "-"+word[i:i+1], word[i+1:]
		f := t.set.ShorthandLookup(word[i : i+1])
		rows := foreignersOf(name)
		switch {
		case f == nil && len(rows) == 0: // the parser refuses it
			t.words, t.wrong = append(t.words, own+word[i:]), true
			return nil
		case f != nil && f.NoOptDefVal == "", f != nil && strings.HasPrefix(rest, "="):
			t.own(f, own+word[i:], strings.TrimPrefix(rest, "="), rest != "")
			return nil
		case f != nil:
			own += word[i : i+1]
			continue
		}
		if own != "-" {
			t.words, own = append(t.words, own), "-"
		}
		if rows[0].value != hasValue {
			if err := t.take(name, "", rows); err != nil {
				return err
			}
			continue
		}
		if rest == "" {
			if len(t.left) == 0 {
				return fmt.Errorf("%s needs a value", name)
			}
			rest, t.left = t.left[0], t.left[1:]
		}
		return t.take(name, rest, rows)
	}
	if own != "-" {
		t.words = append(t.words, own)
	}
	return nil
}

// own leaves a flag of fanout and its value as they are.
func (t *translation) own(f *pflag.Flag, word, value string, valued bool) {
	t.words = append(t.words, word)
	if !valued && len(t.left) > 0 {
		value = t.left[0]
		t.words, t.left = append(t.words, value), t.left[1:]
	}
	t.wrong = t.refuses(f.Name, value) != nil
}

// take writes a flag of another tool in words of fanout, by the first of its rows that its value fits.
func (t *translation) take(name, value string, rows []foreign) error {
	for _, row := range rows {
		part := value
		if row.fits != "" {
			groups := regexp.MustCompile(row.fits).FindStringSubmatch(value)
			if groups == nil {
				continue
			}
			part = groups[len(groups)-1]
		}
		if row.say != "" {
			return errors.New(hint.Foreign.Say(shown(name, value, row), tools(row.of), row.say))
		}
		if name == "-I" || name == "--replace" {
			t.named = name
		}
		return t.add(name, part, strings.Fields(row.as))
	}
	return nil
}

// shown returns a flag as it was typed, with its value if that decided what is said.
func shown(name, value string, row foreign) string {
	if row.fits == "" || value == "" {
		return name
	}
	return name + " " + text.Name(value)
}

// add adds words of fanout, with a value for %s, unless they are there: two words of others may mean the same.
func (t *translation) add(name, value string, words []string) error {
	for _, word := range words {
		if word[0] != '-' {
			t.whole = words
			return nil
		}
		word = strings.ReplaceAll(word, "%s", value)
		if slices.Contains(t.added, word) {
			continue
		}
		t.words, t.added = append(t.words, word), append(t.added, word)
		if flag, value, valued := strings.Cut(word[2:], "="); valued {
			if err := t.refuses(flag, value); err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
		}
	}
	return nil
}

// foreignersOf returns the rows of a flag of other tools. As in parallel, dashes within a long name do not count.
func foreignersOf(name string) (rows []foreign) {
	want := undashed(name)
	for _, row := range foreigners {
		if slices.ContainsFunc(strings.Fields(row.flags), func(flag string) bool { return undashed(flag) == want }) {
			rows = append(rows, row)
		}
	}
	return rows
}

// isTaken reports whether a long flag of other tools becomes one of fanout.
func isTaken(name string) bool {
	rows := foreignersOf(name)
	return len(rows) > 0 && strings.HasPrefix(rows[0].as, "--")
}

// undashed removes the dashes within the name of a flag.
func undashed(name string) string {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return "--" + strings.ReplaceAll(long, "-", "")
	}
	return name
}

// tools lists tools: xargs, parallel and rush.
func tools(of string) string {
	all := strings.Fields(of)
	last := len(all) - 1
	if last == 0 {
		return all[0]
	}
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// likened returns what an error about the value of a flag adds, if another tool gives the flag another meaning; "" if
// the value does not show that it was meant.
func likened(f *pflag.Flag, value string) string {
	for _, row := range lookalikes {
		named := "--"+f.Name == row.flag || f.Shorthand != "" && "-"+f.Shorthand == row.flag
		if named && row.value != "" && regexp.MustCompile(row.value).MatchString(value) {
			return "; " + row.say
		}
	}
	return ""
}
