package cmd

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"fanout/docs"
	"fanout/internal/run"
	"fanout/internal/text"

	"github.com/spf13/cobra"
)

const helpCommand = "help"

// Topic is a page of the manual: fanout help NAME, and the manual page fanout-NAME(7).
type Topic struct {
	Name, About string
	others      []string // more names of it
}

// Page returns the page in Markdown, as it is in docs/.
func (t Topic) Page() (string, error) {
	page, err := docs.Pages.ReadFile(t.Name + ".md")
	return string(page), err
}

// Topics lists the pages of the manual.
func Topics() []Topic {
	all := []Topic{
		{"templates", "how COMMAND is written, and where items may stand in it", []string{"placeholders", "command"}},
		{"rows", "items with fields: CSV, TSV, JSON lines, columns", []string{"csv", "tsv", "jsonl", "colsep"}},
		{"output", "how output is grouped, ordered and written", nil},
		{"failures", "outcomes, exit codes, stop rules, timeouts, retries, signals", []string{"exit-codes", "outcomes", "signals", "retries", "timeout"}},
		{"records", "JSON, directories of results, journals and --resume", []string{"json", "journal", "results", "resume"}},
		{"report", "what fanout report tells from a journal", nil},
		{"modes", "worker processes, persistent programs, memory limits", []string{"workers", "persistent"}},
		{"backends", "jobs on other machines, by ssh, Slurm or Ray", []string{"remote", "ssh", "slurm", "ray", "hosts"}},
		{"processes", "how processes are ended, the guardian, the terminal", []string{"guardian"}},
		{"track", "fanout track, which looks after one command", nil},
		{"cleanup", "fanout ps and fanout cleanup", []string{"registry"}},
		{"configuration", "variables, the configuration file, profiles, rules of flags", []string{"environment", "variables", "profiles"}},
		{"progress", "bars, lines, logs", []string{"log", "bars"}},
		{"bench", "fanout bench, which finds the best mode and -j", nil},
		{"ci", "recipes for GitHub Actions and GitLab", nil},
		{"programs", "what fanout knows of programs, and how you tell it of yours", nil},
		{"security", "what is guaranteed about items, and what is not", nil},
		{"hints", "what fanout says when something else may be meant", nil},
		{"glossary", "the words that fanout uses", nil},
		{"coming-from", "for those who know xargs or GNU parallel", []string{"xargs", "parallel"}},
	}
	return slices.DeleteFunc(all, func(t Topic) bool {
		_, err := fs.Stat(docs.Pages, t.Name+".md")
		return err != nil
	})
}

// topicOf finds a topic by one of its names.
func topicOf(name string) (Topic, bool) {
	all := Topics()
	i := slices.IndexFunc(all, func(t Topic) bool { return t.Name == name || slices.Contains(t.others, name) })
	if i < 0 {
		return Topic{}, false
	}
	return all[i], true
}

// topicNames lists the names of topics that fanout help lists.
func topicNames() (names []string) {
	for _, t := range Topics() {
		names = append(names, t.Name)
	}
	return names
}

func (a *app) topics() *cobra.Command {
	return &cobra.Command{
		Use:   helpCommand + " [TOPIC]",
		Short: "print a page of the manual",
		Long:  "help prints a page of the manual; without TOPIC, it lists the pages.",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return topicNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listTopics(c)
			}
			if t, ok := topicOf(strings.ToLower(args[0])); ok && len(args) == 1 {
				return a.printTopic(c, t)
			}
			if sub, rest, err := c.Root().Find(args); err == nil && sub.HasParent() && len(rest) == 0 {
				sub.InitDefaultHelpFlag()
				return subHelp(sub, c.OutOrStdout())
			}
			return &run.UsageError{Err: noTopic(c.Root(), args)}
		},
	}
}

func listTopics(c *cobra.Command) error {
	var b strings.Builder
	b.WriteString("fanout help TOPIC prints a page of the manual:\n\n")
	for _, t := range Topics() {
		fmt.Fprintf(&b, "  %-15s%s\n", t.Name, t.About)
	}
	b.WriteString("\nfanout -h is a summary, and fanout --help lists all flags.\n")
	_, err := fmt.Fprint(c.OutOrStdout(), b.String())
	return err
}

// printTopic prints a page in the width of the terminal, but not wider than is good to read.
func (a *app) printTopic(c *cobra.Command, t Topic) error {
	page, err := t.Page()
	if err != nil {
		return err
	}
	const widest, narrowest = 100, 40
	width, bold := widest, false
	if a.io.Stdout != nil {
		width, bold = max(narrowest, min(widest, columns(a.io.Stdout, widest))), lookAt(a.io.Stdout).color
	}
	shown := renderMarkdown(page, width, bold)
	if sub := subcommand(c.Root(), t.Name); sub != nil {
		shown += fmt.Sprintf("\n  fanout %s --help lists its flags.\n", t.Name)
	}
	_, err = fmt.Fprint(c.OutOrStdout(), shown)
	return err
}

// noTopic is the error for a topic that does not exist. There may be a program called help, which was meant.
func noTopic(root *cobra.Command, args []string) error {
	what := "fanout help lists them"
	var names []string
	for _, t := range Topics() {
		names = append(append(names, t.Name), t.others...)
	}
	for _, sub := range root.Commands() {
		names = append(names, sub.Name())
	}
	if near := text.Nearest(names, args[0]); near != "" && len(args) == 1 {
		what = "the nearest is " + near
	}
	return fmt.Errorf("help: there is no topic %s; %s; to run a program called help: fanout -- help", text.Name(strings.Join(args, " ")), what)
}
