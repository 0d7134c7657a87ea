package input

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnequal: sources of unequal sizes are an error: before anything is read if they can be counted, else
// as soon as one has ended.
func TestUnequal(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"two": "1\n2\n", "three": "1\n2\n3", "nulls": "1\x002\x00", "none": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo("fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(name string) Source { return Source{Path: name, IsFile: true} }
	stdin := file("-")
	abc, x := argsOf("a", "b", "c"), argsOf("x")
	const ways = "; --link=shortest stops with the first that ends, --link=wrap begins short ones again"
	for _, tt := range []struct {
		name  string
		spec  Spec
		stdin string
		rows  int
		want  string
		early bool
	}{
		{"arguments", Spec{Link: Equal, Sources: []Source{abc, x}}, "", 0, "--link: source 1 has 3 items, source 2 has 1 item" + ways, true},
		{"no argument", Spec{Link: Equal, Sources: []Source{abc, argsOf()}}, "", 0, "--link: source 1 has 3 items, source 2 has 0 items" + ways, true},
		{"a file", Spec{Link: Equal, Sources: []Source{abc, file("two")}}, "", 0, `--link: source 1 has 3 items, source 2 ("two") has 2 items` + ways, true},
		{"files", Spec{Link: Equal, Sources: []Source{file("two"), file("three"), file("two")}}, "", 0,
			`--link: source 1 ("two") has 2 items, source 2 ("three") has 3 items, source 3 ("two") has 2 items` + ways, true},
		{"some are known", Spec{Link: Equal, Sources: []Source{file("two"), stdin, x}}, "1\n2\n", 0, `--link: source 1 ("two") has 2 items, source 3 has 1 item` + ways, true},
		{"an empty file", Spec{Link: Equal, Sources: []Source{file("none"), x}}, "", 0, `--link: source 1 ("none") ended after 0 items, source 2 has more` + ways, true},
		{"stdin is longer", Spec{Link: Equal, Sources: []Source{stdin, x}}, "1\n2\n", 1, "--link: source 2 ended after 1 item, source 1 (standard input) has more; 1 of each was run" + ways, false},
		{"stdin is shorter", Spec{Link: Equal, Sources: []Source{abc, stdin}}, "1\n2", 2, "--link: source 2 (standard input) ended after 2 items, source 1 has more; 2 of each were run" + ways, false},
		{"stdin is empty", Spec{Link: Equal, Sources: []Source{abc, stdin, file("three")}}, "", 0, `--link: source 2 (standard input) ended after 0 items, source 1, source 3 ("three") has more` + ways, true},
		{"empty rows", Spec{Link: Equal, SkipEmpty: true, Sources: []Source{argsOf("a", "", "b"), x}}, "", 1, "--link: source 2 ended after 2 items, source 1 has more; 2 of each were run" + ways, false},
		{"long delimiter", Spec{Link: Equal, Delimiter: "\n2", Sources: []Source{file("two"), x}}, "", 1, `--link: source 2 ended after 1 item, source 1 ("two") has more; 1 of each was run` + ways, false},
		{"nothing to wrap", Spec{Link: Wrap, Sources: []Source{abc, argsOf()}}, "", 0, "--link=wrap: source 1 has 3 items, source 2 has 0 items; a source without items cannot begin again", true},
		{"nothing on stdin", Spec{Link: Wrap, Sources: []Source{abc, stdin}}, "", 0, "--link=wrap: source 2 (standard input) has no item; a source without items cannot begin again", true},

		{"equal", Spec{Link: Equal, Sources: []Source{abc, file("three"), stdin}}, "1\n2\n3\n", 3, "", false},
		{"all empty", Spec{Link: Equal, Sources: []Source{argsOf(), file("none"), stdin}}, "", 0, "", false},
		{"nulls", Spec{Link: Equal, Delimiter: "\x00", Sources: []Source{file("nulls"), argsOf("a", "b")}}, "", 2, "", false},
		{"empty rows at the end", Spec{Link: Equal, SkipEmpty: true, Sources: []Source{argsOf("a", "", ""), x}}, "", 1, "", false},
		{"shortest", Spec{Link: Shortest, Sources: []Source{abc, stdin}}, "1\n", 1, "", false},
		{"wrap", Spec{Link: Wrap, Sources: []Source{x, stdin, file("two")}}, "1\n2\n3\n", 3, "", false},
		{"wrap all empty", Spec{Link: Wrap, Sources: []Source{argsOf(), stdin, file("none")}}, "", 0, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.spec.Delimiter == "" {
				tt.spec.Delimiter = "\n"
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			w.WriteString(tt.stdin)
			w.Close()
			items, err := read(t, tt.spec, r)
			if got := len(fields(t, items)); got != tt.rows {
				t.Errorf("%d rows, want %d", got, tt.rows)
			}
			var link *LinkError
			switch {
			case tt.want == "":
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &link) || link.Text != tt.want || link.Early != tt.early:
				t.Errorf("%#v\nwant %s, early: %t", err, tt.want, tt.early)
			}
		})
	}
}

// TestBigLink: sources that take long to count are not counted, and files are read from their position on.
func TestBigLink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("1\n2\n"); err != nil {
		t.Fatal(err)
	}
	stdin, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if _, err := stdin.Seek(2, 0); err != nil {
		t.Fatal(err)
	}
	spec := Spec{Delimiter: "\n", Link: Equal, Sources: []Source{{Path: "-", IsFile: true}, argsOf("a")}}
	items, err := read(t, spec, stdin)
	if err != nil || len(items) != 1 || items[0].String() != "2 a" {
		t.Errorf("%v, %v", items, err)
	}
	if err := f.Truncate(sizesRead + 1); err != nil {
		t.Fatal(err)
	}
	items, err = read(t, Spec{Delimiter: "\n", Link: Equal, Sources: []Source{{Path: path, IsFile: true}, argsOf("a")}}, nil)
	var link *LinkError
	if !errors.As(err, &link) || link.Early || len(items) != 1 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

// TestWrapKeepsLittle: a source is not kept when it is the only one that continues.
func TestWrapKeepsLittle(t *testing.T) {
	var many []string
	for i := range 1000 {
		many = append(many, strconv.Itoa(i))
	}
	all := []values{&args{left: many}, &args{left: []string{"a", "b", "c"}}}
	l := newLinked(pairing{link: Wrap, names: []string{"1", "2"}}, all, false)
	for i := range many {
		row, err := l.next()
		if want := many[i] + " " + []string{"a", "b", "c"}[i%3]; err != nil || row[0] != want {
			t.Fatalf("%q, %v, want %q", row, err, want)
		}
	}
	if n := len(l.before[0]); n != 0 {
		t.Errorf("%d values are kept of the source that goes on", n)
	}
	if _, err := l.next(); err == nil || strings.Contains(err.Error(), "link") {
		t.Errorf("%v", err)
	}
}
