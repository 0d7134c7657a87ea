package flow

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// programsText is what fanout knows of programs. Its first lines explain the format.
//
//go:embed programs.txt
var programsText string

// Programs finds what is known of programs.
type Programs struct{ texts []string }

// NewPrograms returns what fanout knows of programs. Each text is in the format of the embedded one; a line of a later
// text takes the place of all lines before that name the same program.
func NewPrograms(texts ...string) *Programs {
	return &Programs{append([]string{programsText}, texts...)}
}

// Line returns the line that counts for a program.
func (p *Programs) Line(name string) (string, bool) {
	if name == "" || strings.ContainsAny(name, " \t\n:#") {
		return "", false
	}
	for _, text := range slices.Backward(p.texts) {
		if line, ok := findLine(text, name); ok {
			return line, true
		}
	}
	return "", false
}

// Find returns what is known of a program by its name. The text is searched, not parsed as a whole: a script names few
// programs, and the text has some thousand.
func (p *Programs) Find(name string) (*Program, bool) {
	line, ok := p.Line(name)
	if !ok {
		return nil, false
	}
	facts, err := parseLine(line)
	return facts, err == nil // the texts are checked before
}

// findLine finds the line that has the name before its colon. Lines that begin with blanks belong to the one before.
func findLine(text, name string) (string, bool) {
	for _, before := range []string{"\n", " "} {
		for at := 0; ; {
			n := strings.Index(text[at:], before+name)
			if n < 0 {
				break
			}
			start, end := at+n+1, at+n+1+len(name)
			at = end
			if end == len(text) || text[end] != ' ' && text[end] != ':' && text[end] != '\n' {
				continue
			}
			from := lineStart(text, start)
			if strings.ContainsAny(text[from:start], ":#") {
				continue
			}
			if line := text[from:lineEnd(text, end)]; strings.IndexByte(line, ':') >= end-from {
				return line, true
			}
		}
	}
	return "", false
}

// lineStart finds where the line begins that has this place, with the lines that it continues.
func lineStart(text string, at int) int {
	for {
		from := strings.LastIndexByte(text[:at], '\n') + 1
		if from == 0 || text[from] != ' ' && text[from] != '\t' {
			return from
		}
		at = from - 1
	}
}

func lineEnd(text string, at int) int {
	for {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			return len(text)
		}
		if at += n + 1; at == len(text) || text[at] != ' ' && text[at] != '\t' {
			return at - 1
		}
	}
}

// CheckPrograms returns an error that names the first wrong line of a text.
func CheckPrograms(text string) error {
	for at, number := 0, 1; at < len(text); {
		end := lineEnd(text, at)
		line := text[at:end]
		if bare := strings.TrimSpace(line); bare != "" && bare[0] != '#' {
			if _, err := parseLine(line); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		number += 1 + strings.Count(line, "\n")
		at = end + 1
	}
	return nil
}

// parseLine reads one line: names, a colon, and facts.
func parseLine(line string) (*Program, error) {
	head, facts, ok := strings.Cut(line, ":")
	names := strings.Fields(head)
	if !ok || len(names) == 0 {
		return nil, fmt.Errorf("a line begins with the names of programs and a colon: %q", line)
	}
	p := &Program{lists: map[string][]string{}, options: map[string][]string{}}
	list := ""
	for fact := range strings.FieldsSeq(facts) {
		word, value, has := strings.Cut(fact, "=")
		if list != "" { // it goes on after a comma
			word, value, has = list, fact, true
		}
		if list = ""; has && strings.HasSuffix(value, ",") {
			list, value = word, strings.TrimSuffix(value, ",")
		}
		if err := p.learn(word, value, has); err != nil {
			return nil, fmt.Errorf("%s: %w", names[0], err)
		}
	}
	if list != "" {
		return nil, fmt.Errorf("%s: the list of %s ends with a comma", names[0], list)
	}
	return p, nil
}

// vocabulary has the facts: whether each may stand by itself, and which words its list may have beside options. The
// words of * are free.
var vocabulary = map[string]struct {
	alone bool
	words []string
}{
	"shell": {true, nil}, "othershell": {true, nil},
	"code": {false, []string{"all", "remote", "template", "some", "*"}}, "line": {false, []string{"*"}}, "config": {false, nil},
	"safe": {false, []string{"*"}}, "text": {false, []string{"first", "second", "all", "assign", "*"}}, "file": {false, nil},
	"takes": {false, nil}, "stops": {true, nil}, "stdin": {false, []string{"code", "text", "args"}},
	"runs": {true, []string{"any", "*"}}, "login": {true, nil}, "assigns": {true, nil}, "fills": {true, nil}, "entry": {false, nil},
	"prints": {false, []string{"unknown", "nothing", "args", "stdin", "all", "number", "env"}},
	"number": {false, []string{"stdin", "*"}}, "silent": {false, []string{"*"}}, "env": {false, []string{"*"}}, "args": {false, []string{"*"}}, "values": {false, []string{"*"}},
}

// learn adds a fact.
func (p *Program) learn(word, value string, has bool) error {
	v, known := vocabulary[word]
	switch {
	case !known:
		return fmt.Errorf("there is no fact %q; fanout help programs lists them", word)
	case !has && !v.alone:
		return fmt.Errorf("%s needs a list, as in %s=-c", word, word)
	case has && value == "":
		return fmt.Errorf("the list of %s is empty", word)
	case !has:
		p.lists[word] = append(p.lists[word], "")
		return nil
	}
	for entry := range strings.SplitSeq(value, ",") {
		name := entry
		if word == "stdin" {
			name, _, _ = strings.Cut(entry, ":")
		}
		_, number := strconv.Atoi(entry)
		ok := strings.HasPrefix(entry, "-") || strings.HasPrefix(entry, "+") || slices.Contains(v.words, name) || slices.Contains(v.words, "*")
		if word == "runs" && entry != "any" && entry[:min(1, len(entry))] != "-" {
			ok = number == nil
		}
		if entry == "" || !ok {
			return fmt.Errorf("%s=%s: %q cannot stand there", word, value, entry)
		}
		p.lists[word] = append(p.lists[word], entry)
	}
	return nil
}

// Known returns the embedded facts.
func Known() string { return programsText }
