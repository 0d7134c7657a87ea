package template

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// TestRowNames lists what may stand between braces when items are rows.
func TestRowNames(t *testing.T) {
	people := &words.Rows{Names: []string{"name", "user id", "twice", "twice", "", "e-mail", "größe"}, Width: 7}
	numbers := &words.Rows{Width: 3}
	object := &words.Rows{Names: []string{"a", "a.b", "list.0"}, Pick: true}
	row := job.Item{Fields: []string{"row", "dir/n.txt", "17", "t1", "t2", "none", "m@x", "g"}}
	picked := job.Item{Fields: []string{"row", "first", "second"}}
	for _, tt := range []struct {
		rows    *words.Rows
		item    job.Item
		command string
		want    string // the arguments, or what is wrong
	}{
		{people, row, "p {name} {user id} {1} {7} {größe} {e-mail}", "dir/n.txt 17 dir/n.txt g g m@x"},
		{people, row, "p {name.} {name/} {name//} {name/.} {1/} {name:q}", "dir/n n.txt dir n n.txt 'dir/n.txt'"},
		{people, row, "p {} {#} {{name}} {{nam}} {{17}}", "row 1 {name} {nam} {17}"},
		{people, row, "p {nam}", `{nam}: there is no field "nam"; the nearest is {name}; write {{nam}} for the text {nam}`},
		{people, row, "p {nmae/}", `the nearest is {name}`},
		{people, row, "p {user-id}", `the nearest is {user id}`},
		{people, row, "p {user_idd}", `the nearest is {user id}`},
		{people, row, "p {other}", `the fields are name, "user id", twice, twice, e-mail, größe`},
		{people, row, "p {twice}", `{twice}: 2 fields have this name; use their numbers: {3}, {4}`},
		{people, row, "p {3} {4} {5}", "t1 t2 none"},
		{people, row, "p {8}", "{8}: a row has only 7 fields"},
		{people, row, "p {a,b} {1..3} {x y} {+} {1x}", "{a,b} {1..3} {x y} {+} {1x} row"},
		{people, row, "p {-1} {-7/} {name..} {name+.} {name%.txt} {2#1} {1/n/N} {user id%7}", "g n.txt dir/n txt dir/n 7 dir/N.txt 1"},
		{people, row, "p {-8}", "{-8}: a row has only 7 fields"},
		{people, row, "p {nmae%.gz}", "the nearest is {name}"},
		{&words.Rows{}, row, "p {-1} {-9}", "g "},
		{object, picked, "p {-1}", "the fields of these rows have names, not numbers"},
		{object, picked, "p {a.b%st} {list.0+.}", "fir "},
		{numbers, row, "p {3} {1}", "t1 dir/n.txt"},
		{numbers, row, "p {4}", "a row has only 3 fields"},
		{numbers, row, "p {name}", "fields are numbered from {1} to {3}"},
		{object, picked, "p {a.b} {a} {a.b}", "first second first"},
		{object, picked, "p {list.0}", "first"},
		{object, picked, "p {1}", "the fields of these rows have names, not numbers"},
		{object, picked, "p {b}", `there is no field "b"; the fields are a, a.b, list.0`},
		{&words.Rows{Any: true, Pick: true}, picked, "p {what.ever} {else}", "first second"},
		{&words.Rows{Any: true}, job.Item{Fields: []string{"row"}}, "p {name}", ""},
		{nil, row, "p {name}", "{name} row"},
	} {
		command := strings.Split(tt.command, " ")
		if strings.Contains(tt.command, "{user id") || strings.Contains(tt.command, "{x y}") {
			command = strings.Split(strings.NewReplacer("{user id", "{user\x00id", "{x y}", "{x\x00y}").Replace(tt.command), " ")
			for i := range command {
				command[i] = strings.ReplaceAll(command[i], "\x00", " ")
			}
		}
		tmpl, err := Compile(Spec{Command: command, Sources: 1, Rows: tt.rows, Limits: Limits{Arg: 1 << 17, Total: 1 << 21}})
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) || tt.want == "" {
				t.Errorf("%s: %v, want %q", tt.command, err, tt.want)
			}
			continue
		}
		got, err := tmpl.Plan().Steps[0].Pipeline[0].Argv(nil, job.Job{Index: 1, Items: []job.Item{tt.item}})
		if err != nil {
			t.Fatal(err)
		}
		got = got[1:]
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: %q, want %q", tt.command, text, tt.want)
		}
	}
}

// TestPicked: the input stage learns which fields COMMAND uses.
func TestPicked(t *testing.T) {
	tmpl, err := Compile(Spec{Command: []string{"echo {b} {a} {b/} | cat {b}"}, Rows: &words.Rows{Names: []string{"a", "b", "c"}, Pick: true}})
	if err != nil || !slices.Equal(tmpl.Picked(), []string{"b", "a"}) || tmpl.Highest() != 2 {
		t.Errorf("%q, %d, %v", tmpl.Picked(), tmpl.Highest(), err)
	}
	tmpl, err = Compile(Spec{Command: []string{"x", "{3}", "{c/}", "{{9}}", "{1}"}, Rows: &words.Rows{Names: []string{"a", "b", "", "c"}}})
	if err != nil || tmpl.Picked() != nil || tmpl.Highest() != 4 {
		t.Errorf("%q, %d, %v", tmpl.Picked(), tmpl.Highest(), err)
	}
}

// TestBadItemsAreAlone: a bad item is a job of its own, in its place among the others.
func TestBadItemsAreAlone(t *testing.T) {
	bad := fmt.Errorf("bad")
	items := func(yield func(job.Item, error) bool) {
		for i, err := range []error{nil, nil, nil, bad, bad, nil, bad, nil, nil} {
			if !yield(job.Item{Seq: int64(i + 1), Fields: []string{fmt.Sprint(i + 1)}, Err: err}, nil) {
				return
			}
		}
	}
	for batch, want := range map[int][]int{1: {1, 1, 1, 1, 1, 1, 1, 1, 1}, 2: {2, 1, 1, 1, 1, 1, 2}, BatchMax: {3, 1, 1, 1, 1, 2}} {
		tmpl, err := Compile(Spec{Command: []string{"x"}, Batch: batch, Workers: 1, Limits: Limits{Arg: 1 << 17, Total: 1 << 21}})
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		at := int64(0)
		for j, err := range tmpl.Jobs(items) {
			if err != nil || j.Err() != nil && len(j.Items) > 1 || j.Index != int64(len(sizes)+1) {
				t.Errorf("batches of %d: %+v, %v", batch, j, err)
			}
			for _, it := range j.Items {
				if at++; it.Seq != at {
					t.Errorf("batches of %d: item %d, want %d", batch, it.Seq, at)
				}
			}
			sizes = append(sizes, len(j.Items))
		}
		if !reflect.DeepEqual(sizes, want) {
			t.Errorf("batches of %d: %v, want %v", batch, sizes, want)
		}
	}
}
