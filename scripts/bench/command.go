package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// command is a program with its arguments, and the shell text, if any, whose output it reads. They are kept apart
// because only the program's own time, memory and exit status count.
type command struct {
	feed     string
	argv     []string
	terminal bool // standard error is one
	draws    bool // something has to appear there
}

func feed(text string, argv ...string) command { return command{feed: text, argv: argv} }

func plain(argv ...string) command { return command{argv: argv} }

// String is the command line as a user would type it.
func (c command) String() string {
	words := make([]string, len(c.argv))
	for i, w := range c.argv {
		words[i] = quote(w)
	}
	line := strings.Join(words, " ")
	if c.feed != "" {
		line = c.feed + " | " + line
	}
	return line
}

var bare = regexp.MustCompile(`^[\w./:=,%+@{}-]+$`)

func quote(word string) string {
	if bare.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// cleanEnvironment leaves out what would configure a runner: a user's own settings must not decide a race.
func cleanEnvironment(emptyConfig string) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "FANOUT") || strings.HasPrefix(pair, "PARALLEL") ||
			strings.HasPrefix(pair, "XDG_CONFIG_HOME=") || strings.HasPrefix(pair, "TERM=") || strings.HasPrefix(pair, "CI=")
	})
	return append(env, "XDG_CONFIG_HOME="+emptyConfig, "TERM=xterm")
}
