package flow_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"fanout/internal/job"
	facts "fanout/internal/template/flow"
	"fanout/internal/template/script"
	"fanout/internal/template/words"
)

// judgement is what fanout says of a script.
type judgement struct {
	refused  bool
	warned   bool
	messages []string // why
	// run returns what a shell gets for an item, or why the item is not accepted.
	run func(item string) (text string, params []string, err error)
}

// verdict judges a script with one source of items.
func verdict(text string) (refused, warned bool, run func(item string) (string, []string, error)) {
	j := judge(&words.Scope{}, text)
	return j.refused, j.warned, j.run
}

// judge compiles a script. Every field, and every source, of its items is the same text.
func judge(scope *words.Scope, text string) judgement {
	s, err := script.Compile(text, script.Options{Scope: scope, Programs: facts.NewPrograms()})
	if err != nil {
		return judgement{refused: true, messages: []string{err.Error()}}
	}
	fields := 1 + scope.Sources
	if scope.Rows != nil {
		fields = 1 + len(scope.Rows.Names)
	}
	run := func(item string) (string, []string, error) {
		it := job.Item{Seq: 1}
		for range fields {
			it.Fields = append(it.Fields, item)
		}
		params, err := s.Params(job.Job{Index: 1, Slot: 1, Items: []job.Item{it}})
		return s.Render(1), params, err
	}
	return judgement{warned: len(s.Warnings) > 0, messages: s.Warnings, run: run}
}

// entry is a script of testdata with what its line says of it.
type entry struct {
	kind  string // ok, integer, warn or refuse
	where string // file and line
	item  string // the item that becomes code
	scope words.Scope
	text  string
}

// entries reads a file of testdata. What stands before its first entry is a remark.
func entries(t *testing.T, name string) (out []entry) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		head, ok := strings.CutPrefix(lines.Text(), "== ")
		switch {
		case ok:
			e := entry{where: fmt.Sprintf("%s:%d", name, n)}
			if err := e.read(head); err != nil {
				t.Fatalf("%s: %v", e.where, err)
			}
			out = append(out, e)
		case len(out) > 0:
			out[len(out)-1].text += lines.Text() + "\n"
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].text = strings.TrimSuffix(out[i].text, "\n")
	}
	return out
}

// read takes the line of an entry apart. Its item may hold blanks and "#".
func (e *entry) read(head string) (err error) {
	e.kind, head, _ = strings.Cut(head, " ")
	if quoted, ok := strings.CutPrefix(head, "item=$'"); ok {
		end := closing(quoted)
		if end < 0 {
			return fmt.Errorf("the item has no end: %s", head)
		}
		if e.item, err = unquoted(quoted[:end]); err != nil {
			return err
		}
		head = quoted[end+1:]
	}
	for word := range strings.FieldsSeq(head) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "#":
			return nil
		case "sources":
			if e.scope.Sources, err = strconv.Atoi(value); err != nil {
				return err
			}
		case "names":
			e.scope.Rows = &words.Rows{Names: strings.Split(value, ",")}
		case "shell":
		default:
			return fmt.Errorf("unknown word %q", word)
		}
	}
	return nil
}

// closing finds the quote that ends a $'…' string; -1 if there is none.
func closing(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i
		}
	}
	return -1
}

// unquoted reads the escapes of a $'…' string that testdata uses.
func unquoted(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '\\', '\'', '"':
			b.WriteByte(s[i])
		default:
			return "", fmt.Errorf("unknown escape \\%c", s[i])
		}
	}
	return b.String(), nil
}

// bashPath returns the shell that confirms.
func bashPath(t *testing.T) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to confirm with")
	}
	return bash
}
