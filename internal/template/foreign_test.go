package template

import (
	"regexp"
	"strings"
	"testing"

	"fanout/internal/template/words"
)

// TestForeign: braces that are placeholders of other runners cause one hint each, and change nothing.
func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		command []string
		told    []string // what warnings begin with
	}{
		{[]string{"mkdir {...}; tar -C {...} -xf {}"}, []string{"{...} is a placeholder of parallel"}},
		{[]string{"tar", "-C", "{:}", "-xf", "{}"}, []string{"{:} is a placeholder of "}},
		{[]string{"echo {+/}{/.} {0#} {:2}"}, []string{"{+/} is", "{0#} is", "{:2} is"}},
		{[]string{`sed s/a/b/ {} > {^.txt}.new`}, []string{"{^.txt} is a placeholder of "}},
		{[]string{"sed", "-n", "/x/{/y/p}", "{}"}, []string{"{/y/p} is a placeholder of "}},
		{[]string{"git log --format={%an} {}"}, []string{"{%an} is a placeholder of "}},
		{[]string{"mv", "{}", "{= s/ /_/g =}"}, []string{"{= s/ /_/g =} is a placeholder of "}},
	} {
		tmpl, err := Compile(Spec{Command: tt.command, Sources: 1})
		if err != nil {
			t.Errorf("%q: %v", tt.command, err)
			continue
		}
		got := tmpl.Warnings()
		if len(got) != len(tt.told) {
			t.Errorf("%q: %q, want %q", tt.command, got, tt.told)
			continue
		}
		for i, w := range tt.told {
			if !strings.HasPrefix(got[i], w) {
				t.Errorf("%q: %q, want %q", tt.command, got[i], w)
			}
		}
	}
	rows := &words.Rows{Names: []string{"slot", "uniq"}, Width: 2}
	tmpl, err := Compile(Spec{Command: []string{"echo {slot} {uniq}"}, Sources: 1, Rows: rows})
	if err != nil || len(tmpl.Warnings()) > 0 {
		t.Errorf("fields of rows: %q, %v", tmpl.Warnings(), err)
	}
}

// TestOrdinaryBraces: the braces of bash, awk, jq, python and others are not placeholders of another runner.
func TestOrdinaryBraces(t *testing.T) {
	ours := regexp.MustCompile(`^\{?\{(1?(\.|/|//|/\.|\.\.)?(:q)?|#|%|host)\}\}?$`)
	for _, command := range []string{
		`echo {1..3} {a..e} {01..10..2} {a,b,c} f{,.bak} {,x}`,
		`cp {}{,.bak}`,
		`f={}; echo ${f} ${f%.*} ${f%%.*} ${f##*/} ${f#a} ${f:2} ${f:2:3} ${f:-none} ${f/a/b} ${f//a/b} ${f^^} ${f^} ${f,,} ${#f} ${f[@]}`,
		`x=({}); echo "${x[-1]}" ${x[@]:1} ${#x[@]}`,
		`f() { echo "$1"; }; f {}`,
		`{ echo a; cat {}; } > {}.out`,
		`awk '{print}' {}`,
		`awk '{print $1} /x/{n++} END{print n}' {}`,
		`awk -F: '/a/{/b/ && c++} {printf "{%s:%s}\n", $1, $2}' {}`,
		`sed -n '/start/,/end/{/start/d;p}' {}`,
		`sed -E 's/x{2,}/y/; s/[0-9]{3,}/z/' {}`,
		`grep -E '^[a-z]{2,5}$' {}`,
		`perl -pe 's/\b(\w{2})/$1/; $h{-1} = {%$x}; @y = @{$z}' {}`,
		`perl -ne 'print "@{[ 1 ]} ${\ 2}" if /^#{3,}/' {}`,
		`jq '{a: .b, c: {d: .e}}' {}`,
		`jq -c '.[] | {name, size: .s, "x y": 1} + {..: 1}' {}`,
		`python3 -c 'import sys; print("{:5} {:>10} {:.2f} {:}".format(*[1]*4), {1: 2}, {*[]}, {**{}})' {}`,
		`python3 -c "print(f'{x:5} {-1} {y!r:^10}')" {}`,
		`ruby -e 'puts "#{ARGV[0]} #{..}"; [1].each{|x| p x}' {}`,
		`node -e 'console.log({...process.env, a: [1]})' {}`,
		`curl -s -w '%{http_code} %{size_download}\n' -o /dev/null {}`,
		`curl -d '{"name": "x", "tags": ["a"], "o": {"k": 1}}' {}`,
		`docker inspect --format '{{.Name}} {{range .Mounts}}{{.Source}}{{end}}' {}`,
		`git show HEAD@{1.day.ago}:{}; git rev-parse HEAD^{tree} @{-1} @{upstream}`,
		`git log --format='%h %{trailers}' -- {}`,
		`find {} -name '*.c' -exec grep -l x {{}} +`,
		`printf '{%s}\n{%d}\n' {} 3`,
		`date +'{%H:%M} {%F}'; : {}`,
		`echo '{{#if x}} {{/each}} {% for a in b %} {# c #} {{> p}}' {}`,
		`latex '\frac{a}{b} x^{a} {^\circ}' {}`,
		`echo "{}" '{}' {}`,
		`rg '\{[^}]*\}' {}`,
		`psql -c "select '{1,2}'::int[], '{}'" {}`,
		`echo {.} {/} {//} {/.} {#} {%} {1} {1.} {1/} {1//} {1/.} {:q} {1:q} {host} {{}} {{..}}`,
		`if [ -f {} ]; then { echo x; }; fi`,
		`case {} in *.{gz,bz2}) echo y;; esac`,
		`ls {a-z}* {} 2>/dev/null || true`,
		`lua -e 't = {1, 2, {x = 3}; [4] = 5}' {}`,
		`tclsh -c 'if {$x} {puts y}' {}`,
		`rsync -a --exclude={.git,node_modules} {} host:`,
	} {
		tmpl, err := Compile(Spec{Command: []string{command}, Sources: 1})
		if err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		for _, w := range tmpl.Warnings() {
			if strings.Contains(w, " is a placeholder of ") {
				t.Errorf("%s: %s", command, w)
			}
		}
		toks, err := tmpl.scope.Scan(command, true)
		for _, tok := range toks {
			if !ours.MatchString(tok.Source) {
				t.Errorf("%s: %s is a placeholder", command, tok.Source)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
}
