package cmd

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"fanout/internal/run"
	"fanout/internal/text"

	"github.com/spf13/cobra"
)

// table is rows under headings. Without rows it is empty.
type table struct {
	head string
	rows []string
}

func newTable(head ...string) *table { return &table{head: strings.Join(head, "\t")} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, strings.Join(cells, "\t")) }

// WriteTo writes the table with aligned columns.
func (t *table) WriteTo(w io.Writer) (int64, error) {
	if len(t.rows) == 0 {
		return 0, nil
	}
	var b bytes.Buffer
	tabs := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tabs, t.head)
	for _, row := range t.rows {
		fmt.Fprintln(tabs, row)
	}
	tabs.Flush()
	return b.WriteTo(w)
}

// words shows a command line in one cell, safe for a terminal.
func words(command []string) string {
	const most = 100
	return text.Printable(strings.ReplaceAll(strings.Join(command, " "), "\t", " "), most)
}

// noArgs refuses arguments of subcommands that take none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name, hint := c.Name(), ""
	if c.HasParent() && !c.Parent().HasParent() {
		hint = fmt.Sprintf("; for a program called %s: fanout -- %s", name, forShell(append([]string{name}, args...)))
	}
	return &run.UsageError{Err: fmt.Errorf("%s takes no arguments%s", strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" "), hint)}
}
