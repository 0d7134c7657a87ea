package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"fanout/cmd"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// topics writes a page of section 7 for each page of docs/ that fanout help prints.
func topics(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, t := range cmd.Topics() {
		page, err := t.Page()
		if err != nil {
			return err
		}
		name := "fanout-" + t.Name
		text := "% \"" + strings.ToUpper(name) + "\" \"7\" \"\" \"fanout\" \"Fanout Manual\"\n# NAME\n" + name + " - " + t.About + "\n\n# DESCRIPTION\n" + body(page) +
			"\n# SEE ALSO\n**fanout**(1), **fanout help " + t.Name + "**\n"
		if err := os.WriteFile(filepath.Join(dir, name+".7"), md2man.Render([]byte(text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// body is a page without its title and its pictures. Its headings are one level higher, and links to other pages
// name them as manual pages.
func body(page string) string {
	link := regexp.MustCompile(`\[([^]]*)\]\(([a-z-]+)\.md[^)]*\)`)
	other := regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)
	var b strings.Builder
	code := false
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		switch {
		case code:
		case strings.HasPrefix(line, "# "), strings.HasPrefix(line, "!["):
			continue
		case strings.HasPrefix(line, "##"):
			line = line[1:]
		case strings.HasPrefix(line, "|"):
			first := i
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|") {
				i++
			}
			b.WriteString(table(lines[first : i+1]))
			continue
		default:
			line = link.ReplaceAllStringFunc(line, func(s string) string { return reference(link.FindStringSubmatch(s)) })
			line = other.ReplaceAllString(line, "$1")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// table makes a list of a table with two columns, which then has the width of the terminal, and of any other a text
// that is as wide as the narrowest terminal. Tables of roff do not wrap.
func table(lines []string) string {
	const width = 72
	link := regexp.MustCompile(`\[([^]]*)\]\([^)]*\)`)
	var b strings.Builder
	for i, line := range lines {
		cells := strings.Split(strings.ReplaceAll(strings.Trim(link.ReplaceAllString(line, "$1"), "| "), `\|`, "\x00"), "|")
		if len(cells) != 2 {
			return "\n```\n" + cmd.RenderMarkdown(strings.Join(lines, "\n"), width) + "```\n"
		}
		if i > 1 { // below the head and its rule
			b.WriteString(strings.ReplaceAll(strings.TrimSpace(cells[0])+"\n: "+strings.TrimSpace(cells[1])+"\n\n", "\x00", "|"))
		}
	}
	return b.String()
}

// reference names the page behind a link, whose text and name are given, where there is one in the manual.
func reference(parts []string) string {
	text, name := parts[1], parts[2]
	for _, t := range cmd.Topics() {
		if t.Name != name {
			continue
		}
		page := "**fanout-" + name + "**(7)"
		if text == name+".md" {
			return page
		}
		return text + " (" + page + ")"
	}
	return text
}
