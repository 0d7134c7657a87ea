package cmd

import (
	"slices"
	"strings"
	"testing"

	"fanout/docs"
)

// TestForeignInDocs: docs/coming-from.md has the tables.
func TestForeignInDocs(t *testing.T) {
	page, err := docs.Pages.ReadFile("coming-from.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"xargs", "parallel", "rush", "fd"} {
		if table := foreignTables(tool); !strings.Contains(string(page), table) {
			t.Errorf("docs/coming-from.md does not have this:\n%s", table)
		}
	}
}

// foreignTables returns the tables of the flags of a tool.
func foreignTables(tool string) string {
	var taken, refused, other strings.Builder
	code := func(flags string) string { return "`" + strings.Join(strings.Fields(flags), "`, `") + "`" }
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for _, row := range foreigners {
		if !slices.Contains(strings.Fields(row.of), tool) {
			continue
		}
		flags := code(row.flags)
		if row.like != "" {
			flags += " with " + code(row.like)
		}
		switch {
		case row.say != "":
			refused.WriteString("| " + cell(flags) + " | " + cell(row.say) + " |\n")
		case row.as == "":
			taken.WriteString("| " + cell(flags) + " | the default |\n")
		default:
			taken.WriteString("| " + cell(flags) + " | `" + strings.ReplaceAll(cell(row.as), "%s", "V") + "` |\n")
		}
	}
	for _, row := range lookalikes {
		if slices.Contains(strings.Fields(row.of), tool) {
			other.WriteString("| `" + row.flag + "` | " + cell(row.say) + " |\n")
		}
	}
	var all strings.Builder
	for _, table := range []struct{ heading, rows string }{
		{"| taken | as |", taken.String()}, {"| refused | what fanout says |", refused.String()}, {"| same spelling | what differs |", other.String()},
	} {
		if table.rows != "" {
			all.WriteString("\n" + table.heading + "\n|---|---|\n" + table.rows)
		}
	}
	return all.String()
}
