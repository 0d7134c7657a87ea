package cmd

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// markdown renders what the pages of docs/ use of Markdown as text in lines of a given width: headings, paragraphs,
// lists, code and tables. Code and what cannot be wrapped may be wider.
type markdown struct {
	width int
	bold  bool // headings, by an escape sequence
	out   strings.Builder

	link, span, item *regexp.Regexp
}

// RenderMarkdown returns a page as text without escape sequences.
func RenderMarkdown(page string, width int) string { return renderMarkdown(page, width, false) }

// renderMarkdown returns a page as text.
func renderMarkdown(page string, width int, bold bool) string {
	m := &markdown{
		width: width, bold: bold,
		link: regexp.MustCompile(`!?\[([^]]*)\]\([^)]*\)`),
		span: regexp.MustCompile("`[^`]*`"),
		item: regexp.MustCompile(`^ *([-*]|[0-9]+\.) `),
	}
	lines := strings.Split(page, "\n")
	for len(lines) > 0 {
		lines = lines[m.block(lines):]
	}
	return strings.TrimLeft(m.out.String(), "\n")
}

// block renders the first block and returns its number of lines.
func (m *markdown) block(lines []string) (n int) {
	first := lines[0]
	extent := func(belongs func(line string) bool) int {
		for n = 1; n < len(lines) && belongs(lines[n]); n++ {
		}
		return n
	}
	switch {
	case strings.TrimSpace(first) == "" || strings.HasPrefix(first, "!["):
		return 1
	case strings.HasPrefix(first, "#"):
		m.heading(first)
		return 1
	case strings.HasPrefix(first, "```"):
		n = extent(func(line string) bool { return !strings.HasPrefix(line, "```") })
		m.code(lines[1:n], "")
		return min(n+1, len(lines))
	case strings.HasPrefix(first, "    "):
		n = extent(func(line string) bool { return strings.HasPrefix(line, "    ") })
		m.code(lines[:n], "    ")
	case strings.HasPrefix(first, "|"):
		n = extent(func(line string) bool { return strings.HasPrefix(line, "|") })
		m.table(lines[:n])
	case m.item.MatchString(first):
		n = extent(func(line string) bool { return strings.TrimSpace(line) != "" })
		m.list(lines[:n])
	default:
		n = extent(func(line string) bool {
			return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "#") && !m.item.MatchString(line)
		})
		m.out.WriteString("\n")
		m.wrap("  ", "  ", strings.Join(lines[:n], " "))
	}
	return n
}

// heading renders a heading: the page's title in capitals.
func (m *markdown) heading(line string) {
	text := strings.TrimLeft(line, "#")
	title := len(line)-len(text) == 1
	if text = m.inline(strings.TrimSpace(text)); title {
		text = strings.ToUpper(text)
	}
	if m.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	m.out.WriteString("\n" + text + "\n")
}

func (m *markdown) code(lines []string, indent string) {
	m.out.WriteString("\n")
	for _, line := range lines {
		m.out.WriteString(strings.TrimRight("      "+strings.TrimPrefix(line, indent), " ") + "\n")
	}
}

// list renders items, each with the lines that continue it.
func (m *markdown) list(lines []string) {
	m.out.WriteString("\n")
	for i := 0; i < len(lines); {
		mark := m.item.FindString(lines[i])
		text := lines[i][len(mark):]
		for i++; i < len(lines) && !m.item.MatchString(lines[i]); i++ {
			text += " " + lines[i]
		}
		m.wrap("  "+mark, "  "+strings.Repeat(" ", len(mark)), text)
	}
}

// inline leaves out the marks within a text, and the targets of its links. Code with blanks keeps its marks: else
// nobody sees where it ends.
func (m *markdown) inline(text string) string {
	text = m.link.ReplaceAllStringFunc(text, func(link string) string { return readerOf(m.link.FindStringSubmatch(link)[1]) })
	text = m.span.ReplaceAllStringFunc(text, func(code string) string {
		if strings.Contains(code, " ") {
			return code
		}
		return strings.Trim(code, "`")
	})
	return strings.NewReplacer("**", "", `\|`, "|").Replace(text)
}

// readerOf returns the text of a link. A text that is the file of a page, such as modes.md, becomes the command that
// prints the page.
func readerOf(text string) string {
	if name, ok := strings.CutSuffix(text, ".md"); ok {
		if t, ok := topicOf(name); ok {
			return "`fanout help " + t.Name + "`"
		}
	}
	return text
}

// wrap writes a text in lines that begin as told.
func (m *markdown) wrap(first, other, text string) {
	for i, line := range fold(m.inline(text), m.width-utf8.RuneCountInString(other)) {
		if i > 0 {
			first = other
		}
		m.out.WriteString(first + line + "\n")
	}
}

// fold breaks a text between words into lines of at most a width, where that is possible.
func fold(text string, width int) (lines []string) {
	line, length := "", 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if line != "" && length+1+n > width {
			lines, line, length = append(lines, line), "", 0
		}
		if line != "" {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}

// table renders rows with aligned columns. The widest columns are folded until the rows fit.
func (m *markdown) table(lines []string) {
	const gap, least = 2, 12
	var rows [][]string
	var widths []int
	for i, line := range lines {
		if i == 1 { // the rule below the head
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "| "), `\|`, "\x00"), "|")
		for c, cell := range cells {
			cell = strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|"))
			if m.span.FindString(cell) == cell { // nothing but code
				cell = strings.Trim(cell, "`")
			}
			cells[c] = m.inline(cell)
			if c == len(widths) {
				widths = append(widths, 0)
			}
			widths[c] = max(widths[c], utf8.RuneCountInString(cells[c]))
		}
		if strings.Join(cells, "") != "" {
			rows = append(rows, cells)
		}
	}
	for {
		widest, all := 0, 0
		for c, w := range widths {
			all += w + gap
			if w > widths[widest] {
				widest = c
			}
		}
		if all <= m.width || widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	m.out.WriteString("\n")
	for _, row := range rows {
		m.row(row, widths)
	}
}

// row writes a row of a table, in as many lines as its longest cell needs.
func (m *markdown) row(cells []string, widths []int) {
	var folded [][]string
	height := 0
	for c, cell := range cells {
		folded = append(folded, fold(cell, widths[c]))
		height = max(height, len(folded[c]))
	}
	for i := range height {
		var line strings.Builder
		for c, lines := range folded {
			part := ""
			if i < len(lines) {
				part = lines[i]
			}
			line.WriteString("  " + part + strings.Repeat(" ", max(0, widths[c]-utf8.RuneCountInString(part))))
		}
		m.out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
