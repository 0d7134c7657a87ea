package words

import (
	"slices"
	"testing"
)

// TestOwn: which braces are placeholders, and which belong to somebody else.
func TestOwn(t *testing.T) {
	for _, c := range []struct {
		text  string
		coded bool
		want  []string // the placeholders in a script
	}{
		{"{..} {/..} {+.} {1..} {1/..} {1+.} {..:q}", false, []string{"{..}", "{/..}", "{+.}", "{1..}", "{1/..}", "{1+.}", "{..:q}"}},
		{"{%.gz} {%.c} {%.7z} {%_R1} {%-old} {%.tar.gz} {%/} {%ing} {%.Z:q} {1%x1}", false,
			[]string{"{%.gz}", "{%.c}", "{%.7z}", "{%_R1}", "{%-old}", "{%.tar.gz}", "{%/}", "{%ing}", "{%.Z:q}", "{1%x1}"}},
		{"{#a} {#a/b/} {#./} {#2026-} {1#a}", false, []string{"{#a}", "{#a/b/}", "{#./}", "{#2026-}", "{1#a}"}},
		{`{/a/b} {/a/} {/\//-} {/a/\/} {1/a/b} {/ä/ae}`, false, []string{"{/a/b}", "{/a/}", `{/\//-}`, `{/a/\/}`, "{1/a/b}", "{/ä/ae}"}},
		{"{-1} {-1/} {-1..} {-1%.gz} {%0} {##}", false, []string{"{-1}", "{-1/}", "{-1..}", "{-1%.gz}", "{%0}", "{##}"}},
		{"{{..}} {{%.gz}} {{-1}} {{%0}} {{/a/b}}", false, []string{"{{..}}", "{{%.gz}}", "{{-1}}", "{{%0}}", "{{/a/b}}"}},

		{"{%s} {%d} {%5.2f} {%-20s} {%05d} {%F} {%H:%M} {%ld} {%an} {%.2f} {%5d:x} {%.} {%:} {%} {%%.gz}", false, []string{"{%}"}},
		{"{#} {#1} {##a} {# a} {#a b}", false, []string{"{#}"}},
		{"{%a,b} {#a,b} {/a,/b} {a,b} {a..z} {1..9} {,..}", false, nil},
		{"{% if x %} {%if%} {%- x -%} {# c #} {#c#} {%x|y} {%x;} {%x(1)} {%*.gz} {#$a} {%\"a\"} {%'a'} {%`a`}", false, nil},
		{"{/a} {//a} {/a/b/c} {/ / } {/a b/c} {/a/ {print} {/x/{n}", false, nil},
		{"{-} {-a} {-0} {--1} {-1x} {+} {+x} {.+} {...} {/...}", false, nil},
		{"${..} ${%.gz} ${-1} ${#x} ${x%y} ${x#y} ${1%.gz} ${1#x} ${1/a/b} ${1..}", false, nil},
		{`\{..} %{..} #{-1} #{%ab1} @{-1} ^{/fix/x} ${{..}} ${{#abc}}`, false, nil},
		{"$${..} $$${..}", false, []string{"{..}"}},
		{"{{#list}}x{{/list}} {{#list}}", false, []string{"{{#list}}"}},
		{"echo '## A heading {#intro}' {#a}", false, []string{"{#a}"}},
		{"{x%y} {x#y} {x/a/b} {foo..} {foo+.} {0..} {0%x}", false, nil},

		{"awk '{#abc\n}' {%.txt}", true, []string{"{%.txt}"}},
		{"awk '{print $1}' {} > 'x y/{%.txt}'", true, []string{"{}", "{%.txt}"}},
		{"perl -e '%h = {%abc}; $h{-1}'", true, nil},
		{"sed -n '/x/{/y/p}' {/old/new}", true, []string{"{/old/new}"}},
		{"sed -n /x/{/y/p} {}", true, []string{"{}"}},
		{"awk '{/x/}' {..}", true, []string{"{..}"}},
		{"python3 -c \"print(f'{-1} {3%2}')\" {-1}", true, []string{"{-1}"}},
	} {
		s := &Scope{Coded: c.coded}
		toks, err := s.Scan(c.text, true)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got []string
		for _, tok := range toks {
			got = append(got, tok.Source)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// TestEqual: equal placeholders are equal, others are not.
func TestEqual(t *testing.T) {
	s := &Scope{}
	toks, err := s.Scan("{%.gz} {%.gz} {#.gz} {%.gz:q} {%.xz} {/a/b} {/a/b} {/a/c}", false)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range toks {
		for k, b := range toks {
			if (a.Ref == b.Ref) != (a.Source == b.Source) {
				t.Errorf("%d %s, %d %s", i, a.Source, k, b.Source)
			}
		}
	}
}
