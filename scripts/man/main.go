// Man writes the manual pages and the completions for shells under a directory, as they are
// installed: share/man/man1 and so on.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fanout/cmd"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
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
	root := cmd.Command()
	root.DisableAutoGenTag = true
	man := filepath.Join(dir, "share/man/man1")
	if err := os.MkdirAll(man, 0o755); err != nil {
		return err
	}
	header := &doc.GenManHeader{Title: "FANOUT", Section: "1", Source: "fanout", Manual: "User Commands", Date: &time.Time{}}
	root.Long += "\n\n# EXIT CODES\n" + cmd.ExitCodes()
	markdown(root)
	if err := doc.GenManTree(root, header, man); err != nil {
		return err
	}
	return errors.Join(
		shell(root.GenBashCompletionFileV2, dir, "share/bash-completion/completions/fanout"),
		shell(func(name string, _ bool) error { return root.GenZshCompletionFile(name) }, dir, "share/zsh/site-functions/_fanout"),
		shell(root.GenFishCompletionFile, dir, "share/fish/vendor_completions.d/fanout.fish"),
	)
}

// markdown has indented lines of all descriptions be what they are in a terminal: such lines.
func markdown(c *cobra.Command) {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(c.Long) {
		if indented := strings.HasPrefix(line, "  "); indented != inside && line != "\n" {
			b.WriteString("\n")
			inside = indented
		}
		if inside {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	c.Long = b.String()
	for _, sub := range c.Commands() {
		markdown(sub)
	}
}

// shell has a completion be written, with its directory.
func shell(write func(name string, about bool) error, dir, name string) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return write(path, true)
}
