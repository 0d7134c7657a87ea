package input

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fanout/internal/job"
)

// read gives all items of a Spec and the error that ended them.
func read(t *testing.T, spec Spec, stdin *os.File) ([]job.Item, error) {
	t.Helper()
	in, err := Open(spec, stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var items []job.Item
	for item, err := range in.Items(t.Context()) {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// fields are the Fields of items, whose Seq it checks.
func fields(t *testing.T, items []job.Item) [][]string {
	t.Helper()
	var all [][]string
	for i, item := range items {
		if item.Seq != int64(i+1) || item.Err != nil {
			t.Errorf("item %d is %+v", i+1, item)
		}
		all = append(all, item.Fields)
	}
	return all
}

func fileOf(t *testing.T, text string) Source {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "in")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return Source{Path: f.Name(), IsFile: true}
}

func argsOf(args ...string) Source { return Source{Args: args} }

func TestRows(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		want [][]string
	}{
		{"arguments", Spec{Sources: []Source{argsOf("a b", "", "c")}}, [][]string{{"a b"}, {""}, {"c"}}},
		{"one source is not joined", Spec{Link: Equal, Sources: []Source{argsOf("a")}}, [][]string{{"a"}}},
		{"no arguments", Spec{Sources: []Source{argsOf()}}, nil},
		{
			"product: the first is the slowest",
			Spec{Sources: []Source{argsOf("a", "b"), fileOf(t, "1\n2\n")}},
			[][]string{{"a 1", "a", "1"}, {"a 2", "a", "2"}, {"b 1", "b", "1"}, {"b 2", "b", "2"}},
		},
		{
			"product of three",
			Spec{Sources: []Source{argsOf("a", "b"), argsOf("1"), argsOf("x", "y")}},
			[][]string{{"a 1 x", "a", "1", "x"}, {"a 1 y", "a", "1", "y"}, {"b 1 x", "b", "1", "x"}, {"b 1 y", "b", "1", "y"}},
		},
		{"product with an empty first", Spec{Sources: []Source{argsOf(), argsOf("1")}}, nil},
		{"product with an empty last", Spec{Sources: []Source{argsOf("a", "b"), argsOf("1"), fileOf(t, "")}}, nil},
		{"product with an empty value", Spec{Sources: []Source{argsOf("a"), argsOf("")}}, [][]string{{"a ", "a", ""}}},
		{
			"link",
			Spec{Link: Equal, Sources: []Source{argsOf("a", "b"), fileOf(t, "1\n2")}},
			[][]string{{"a 1", "a", "1"}, {"b 2", "b", "2"}},
		},
		{
			"link wraps",
			Spec{Link: Wrap, Sources: []Source{argsOf("a", "b", "c"), fileOf(t, "1\n2\n"), argsOf("x")}},
			[][]string{{"a 1 x", "a", "1", "x"}, {"b 2 x", "b", "2", "x"}, {"c 1 x", "c", "1", "x"}},
		},
		{
			"link stops at the shortest",
			Spec{Link: Shortest, Sources: []Source{argsOf("a", "b", "c"), fileOf(t, "1\n2\n")}},
			[][]string{{"a 1", "a", "1"}, {"b 2", "b", "2"}},
		},
		{"link with an empty source", Spec{Link: Shortest, Sources: []Source{argsOf("a"), fileOf(t, "")}}, nil},
		{"skip empty", Spec{SkipEmpty: true, Sources: []Source{fileOf(t, "\na\n\nb\n\n")}}, [][]string{{"a"}, {"b"}}},
		{"skip empty arguments", Spec{SkipEmpty: true, Sources: []Source{argsOf("", "a", "")}}, [][]string{{"a"}}},
		{
			"skip empty in a product",
			Spec{SkipEmpty: true, Sources: []Source{argsOf("a", ""), fileOf(t, "\n1\n")}},
			[][]string{{"a 1", "a", "1"}},
		},
		{
			"skip empty keeps pairs together",
			Spec{SkipEmpty: true, Link: Equal, Sources: []Source{argsOf("a", "", "", "d", "", ""), argsOf("1", "2", "", "")}},
			[][]string{{"a 1", "a", "1"}, {" 2", "", "2"}, {"d ", "d", ""}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Delimiter = "\n"
			items, err := read(t, tt.spec, nil)
			if got := fields(t, items); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestShellSources(t *testing.T) {
	spec := Spec{Format: Shell, Link: Equal, Sources: []Source{fileOf(t, "'a b' c"), argsOf("'1 2'", "3")}}
	items, err := read(t, spec, nil)
	want := [][]string{{"a b '1 2'", "a b", "'1 2'"}, {"c 3", "c", "3"}}
	if got := fields(t, items); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// TestRowsModel compares random sources with loops that state the meaning.
func TestRowsModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		lists := make([][]string, 1+rnd.IntN(4))
		spec := Spec{Delimiter: "\n", Link: Link(rnd.IntN(4)), SkipEmpty: rnd.IntN(2) == 0}
		for i := range lists {
			for range rnd.IntN(5) {
				value := []string{"", "v" + strconv.Itoa(rnd.IntN(9)), strings.Repeat("long", 40)}[rnd.IntN(3)]
				lists[i] = append(lists[i], value)
			}
			if rnd.IntN(2) == 0 {
				spec.Sources = append(spec.Sources, argsOf(lists[i]...))
			} else {
				spec.Sources = append(spec.Sources, fileOf(t, strings.Join(append(slices.Clone(lists[i]), ""), "\n")))
			}
		}
		items, err := read(t, spec, nil)
		want, uneven := model(spec, lists)
		var link *LinkError
		if errors.As(err, &link) != uneven || err != nil && !uneven {
			t.Fatalf("%+v of %q: %v", spec, lists, err)
		}
		if link != nil && link.Early {
			want = nil
		}
		if got := fields(t, items); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v of %q: %q, %v; want %q", spec, lists, got, err, want)
		}
	}
}

// model is what there is to read, up to an error if sources cannot be paired.
func model(spec Spec, lists [][]string) (all [][]string, uneven bool) {
	if spec.Link == Product && spec.SkipEmpty {
		for i := range lists {
			lists[i] = slices.DeleteFunc(lists[i], func(s string) bool { return s == "" })
		}
	}
	least, most := len(lists[0]), 0
	for _, list := range lists {
		least, most = min(least, len(list)), max(most, len(list))
	}
	switch {
	case spec.Link == Wrap && least == 0:
		return nil, most > 0
	case spec.Link == Wrap:
		for i, list := range lists {
			for n := len(list); n < most; n++ {
				lists[i] = append(lists[i], list[n%len(list)])
			}
		}
	case spec.Link == Equal:
		for i, list := range lists {
			rest := strings.Join(list[least:], "")
			uneven = uneven || len(list) > least && !(spec.SkipEmpty && rest == "")
			lists[i] = list[:least]
		}
	}
	table := [][]string{nil}
	for i, list := range lists {
		var next [][]string
		for n, row := range table {
			for m, value := range list {
				if i == 0 || spec.Link == Product || n == m {
					next = append(next, append(slices.Clone(row), value))
				}
			}
		}
		table = next
	}
	for _, row := range table {
		switch {
		case spec.SkipEmpty && strings.Join(row, "") == "":
		case len(row) == 1:
			all = append(all, row)
		default:
			all = append(all, append([]string{strings.Join(row, " ")}, row...))
		}
	}
	return all, uneven
}

// TestProductReadsLate: the other sources of a product are opened by Open and
// read when the first item is wanted.
func TestProductReadsLate(t *testing.T) {
	src := fileOf(t, "1\n")
	in, err := Open(Spec{Delimiter: "\n", Sources: []Source{argsOf("a"), src}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(src.Path, []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(src.Path, filepath.Join(t.TempDir(), "gone")); err != nil {
		t.Fatal(err)
	}
	for item, err := range in.Items(context.Background()) {
		if err != nil || item.String() != "a 2" {
			t.Errorf("%q, %v", item.Fields, err)
		}
	}
}

// TestFieldsAreSeparate: a consumer that appends to the fields of one item does
// not write into the next.
func TestFieldsAreSeparate(t *testing.T) {
	items, err := read(t, Spec{Delimiter: "\n", Sources: []Source{argsOf("a", "b")}}, nil)
	if err != nil || len(items) != 2 {
		t.Fatal(items, err)
	}
	_ = append(items[0].Fields, "x")
	if items[1].String() != "b" {
		t.Errorf("the second item became %q", items[1].Fields)
	}
}
