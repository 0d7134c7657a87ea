//go:build linux

package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"fanout/internal/testkit"
)

// TestHostileFields: a field of a row arrives byte for byte in every context and from every format, as an item does,
// and none of it runs as code.
func TestHostileFields(t *testing.T) {
	testkit.Slow(t)
	contexts := []string{
		`printf '%s\0' {F}`, `printf '%s\0' "{F}"`, `printf '%s\0' '{F}'`, `printf '%s\0' {F} | cat`,
		`x={F}; printf '%s\0' "$x"`, `for i in {F}; do printf '%s\0' "$i"; done`, `f() { printf '%s\0' {F}; }; f other`,
		`[[ {F} == {F} ]] && printf '%s\0' {F}`, `case {F} in {F}) printf '%s\0' {F} ;; esac`, `eval printf "'%s\\0'" {F:q}`,
		"printf %s \"$(printf %s. {F})\" | head -c -1; printf '\\0'",
	}
	all := testkit.HostileItems(t, "testdata/items.txt")
	for _, format := range []struct {
		flags  []string
		names  []string // of the field
		accept func(item string) bool
		input  func(items []string) string
	}{
		{[]string{"--csv"}, []string{"field", "2"}, csvKeeps, func(items []string) string { return csvOf(t, ',', items) }},
		{[]string{"--tsv"}, []string{"field", "2"}, csvKeeps, func(items []string) string { return csvOf(t, '\t', items) }},
		{[]string{"--csv", "--header=false"}, []string{"2"}, csvKeeps, func(items []string) string {
			_, rows, _ := strings.Cut(csvOf(t, ',', items), "\n")
			return rows
		}},
		{[]string{"--jsonl"}, []string{"field", "a.0.b"}, utf8.ValidString, func(items []string) string {
			var b strings.Builder
			for _, item := range items {
				text, _ := json.Marshal(item)
				fmt.Fprintf(&b, `{"field":%s,"a":[{"b":%s}]}`+"\n", text, text)
			}
			return b.String()
		}},
		{[]string{"-0", "--colsep", "<;;>"}, []string{"2"}, func(string) bool { return true }, func(items []string) string {
			var b strings.Builder
			for _, item := range items {
				b.WriteString("1<;;>" + item + "<;;>3\x00")
			}
			return b.String()
		}},
	} {
		var items []string
		for _, item := range all {
			if format.accept(item) {
				items = append(items, item)
			}
		}
		if len(items) < len(all)-12 {
			t.Errorf("%q: of %d items it accepts only %d", format.flags, len(all), len(items))
		}
		want := strings.Join(items, "\x00") + "\x00"
		for _, name := range format.names {
			for _, c := range contexts {
				dir := t.TempDir()
				args := append(append([]string{"-q", "-k", "-j2"}, format.flags...), strings.ReplaceAll(c, "{F", "{"+name))
				got := fanout(t, dir, format.input(items), args...)
				if got != want {
					t.Errorf("%q: %s", args, firstDifference(got, want))
				}
				if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
					t.Errorf("%q: code was run: %q", args, left)
				}
			}
		}
	}
	if _, err := os.Stat("CANARY"); err == nil {
		t.Error("code was run here")
	}
}

// csvKeeps reports whether CSV keeps an item. All readers of CSV read a line end with a carriage return as one without.
func csvKeeps(item string) bool { return !strings.Contains(item, "\r\n") }

// csvOf writes the items as the second of three columns.
func csvOf(t *testing.T, comma rune, items []string) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = comma
	for _, row := range append([]string{"field"}, items...) {
		if err := w.Write([]string{"1", row, "3"}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\x00"), strings.Split(want, "\x00")
	for i := range w {
		if i == len(g) || g[i] != w[i] {
			return fmt.Sprintf("item %d of %d: %.80q, want %q", i+1, len(w), g[min(i, len(g)-1)], w[i])
		}
	}
	return fmt.Sprintf("%d items, want %d", len(g), len(w))
}
