// Man writes the manual pages and the completions for shells under a directory, as they are
// installed: share/man/man1 and so on.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fanout/cmd"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: man DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	root := cmd.Command() // its flags are not hidden: a shell offers them
	return errors.Join(
		commands(filepath.Join(dir, "share/man/man1")),
		topics(filepath.Join(dir, "share/man/man7")),
		shell(root.GenBashCompletionFileV2, dir, "share/bash-completion/completions/fanout"),
		shell(func(name string, _ bool) error { return root.GenZshCompletionFile(name) }, dir, "share/zsh/site-functions/_fanout"),
		shell(root.GenFishCompletionFile, dir, "share/fish/vendor_completions.d/fanout.fish"),
	)
}

// commands writes a page of section 1 for fanout and for each subcommand.
func commands(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := cmd.Command()
	root.DisableAutoGenTag = true
	root.Long += "\n\n# EXIT CODES\n" + cmd.ExitCodes()
	describe(root)
	root.Long += "\n# MANUAL\n" + manual()
	return command(root, dir)
}

// command writes the page of a command, and those of its subcommands, without a date: a build has none that is the
// same for everybody.
func command(c *cobra.Command, dir string) error {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	var page bytes.Buffer
	header := &doc.GenManHeader{Title: strings.ToUpper(name), Section: "1", Source: "fanout", Manual: "User Commands", Date: &time.Time{}}
	if err := doc.GenMan(c, header, &page); err != nil {
		return err
	}
	text := strings.Replace(page.String(), `"Jan 0001"`, `""`, 1)
	if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(text), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := command(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// manual lists the pages of section 7.
func manual() string {
	var b strings.Builder
	for _, t := range cmd.Topics() {
		fmt.Fprintf(&b, "**fanout-%s**(7)\n: %s\n\n", t.Name, t.About)
	}
	return b.String()
}

// describe makes Markdown of what a command and its subcommands say of themselves.
func describe(c *cobra.Command) {
	c.Long = indented(c.Long) + "\n" + options(c)
	for _, sub := range c.Commands() {
		describe(sub)
	}
}

// indented keeps indented lines as they are in a terminal: they become code.
func indented(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if indented := strings.HasPrefix(line, "  "); indented != inside && line != "\n" {
			b.WriteString("\n")
			inside = indented
		}
		if inside {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// options lists the flags of a command as --help does, and keeps cobra from listing them in its own way.
func options(c *cobra.Command) string {
	var b strings.Builder
	for _, g := range cmd.Options(c) {
		if g.Title != "" {
			b.WriteString("\n## " + g.Title + "\n")
		}
		for _, o := range g.Options {
			fmt.Fprintf(&b, "%s\n: %s\n\n", marked(o.Flag), strings.ReplaceAll(o.About, `\`, `\\`))
		}
	}
	c.InitDefaultHelpFlag()
	c.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = true })
	return "\n# OPTIONS\n" + b.String()
}

// marked makes the names of a flag bold, and its placeholder italic.
func marked(flag string) string {
	names, value, valued := strings.Cut(flag, " ")
	if short, long, both := strings.Cut(flag, ", "); both {
		names, value, valued = strings.Cut(long, " ")
		names = short + "**, **" + names
	}
	names, choice, optional := strings.Cut(names, "[=")
	text := "**" + names + "**"
	switch {
	case optional:
		text += "[=*" + strings.TrimSuffix(choice, "]") + "*]"
	case valued:
		text += " *" + value + "*"
	}
	return text
}

// shell writes a completion, and makes its directory.
func shell(write func(name string, about bool) error, dir, name string) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return write(path, true)
}
