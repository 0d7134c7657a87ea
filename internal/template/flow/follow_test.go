package flow_test

import (
	"strings"
	"testing"

	"fanout/internal/job"
	facts "fanout/internal/template/flow"
	"fanout/internal/template/script"
	"fanout/internal/template/words"
)

// TestWays: messages tell the way of an item, from where it stands to where it would be code.
func TestWays(t *testing.T) {
	for text, want := range map[string]string{
		`eval {}`:                       `COMMAND:1:6: {}: eval would run the item as code; `,
		`x={}; y=$x; eval "echo $y"`:    `COMMAND:1:3: {}: eval would run the item as code (by way of $x -> $y); `,
		`f() { echo "$1"; }; f {} | sh`: `{}: sh would run the item as code, from its stdin (by way of $1 of f -> a pipe); `,
		`x={}; x=$x$x; x=$x; eval $x`:   `(by way of $x); `,
		`n=$(basename {}); ((n))`:       `arithmetic would run code in the item (by way of the output of basename -> $n); keep only the digits`,
		`eval "$(ours {})"`:             `{}: if ours prints the item, eval would run the item as code (by way of ours); `,
	} {
		j := judge(&words.Scope{}, text)
		if got := strings.Join(j.messages, "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestOtherShells: builtins of zsh and of the Korn shells calculate with their numbers.
func TestOtherShells(t *testing.T) {
	for text, calculates := range map[string]bool{
		`printf '%d\n' {}`: true, `exit {}`: true, `return {}`: true, `shift {}`: true, `[ {} -eq 1 ]`: true, `x={}; [ "$x" -lt 1 ]`: true,
		`ulimit -n {}`: true, `[ -f {} ]`: false, `printf '%s\n' {}`: false, `echo {} | wc`: false, `kill -9 {}`: false,
	} {
		for _, shell := range []string{"bash", "dash", "zsh", "mksh", "ksh93"} {
			s, err := script.Compile(text, script.Options{Scope: &words.Scope{}, Programs: facts.NewPrograms(), Shell: shell})
			if err != nil {
				t.Errorf("%s: %s: %v", shell, text, err)
				continue
			}
			_, err = s.Params(job.Job{Index: 1, Items: []job.Item{{Fields: []string{"x"}}}})
			if needs := calculates && shell != "bash" && shell != "dash"; (err != nil) != needs {
				t.Errorf("%s: %s: %v", shell, text, err)
			}
		}
	}
	for text, refused := range map[string]bool{
		`mksh -c '[ {:q} -eq 1 ]'`: true, `zsh -c 'printf %d "$1"' zsh {}`: true, `bash -c 'printf %d "$1"' bash {}`: false,
		`bash -c '[ "$1" -gt 5 ]' _ {}`: false,
	} {
		if got, _, _ := verdict(text); got != refused {
			t.Errorf("%s: refused: %v", text, got)
		}
	}
}

// TestUserPrograms: a file of the user says more of programs, and takes the place of what fanout knows.
func TestUserPrograms(t *testing.T) {
	ours := "# ours\ncount: prints=number\nrunjob: code=-c,\n  --command\nbasename: prints=number\n"
	if err := facts.CheckPrograms(ours); err != nil {
		t.Fatal(err)
	}
	for text, refused := range map[string]bool{
		`n=$(count {}); echo $((n+1))`: false, `runjob -c "x {}"`: true, `runjob --command="x {}"`: true, `runjob {}`: false,
		`n=$(basename {}); echo $((n+1))`: false, `n=$(dirname {}); echo $((n+1))`: true,
	} {
		s, err := script.Compile(text, script.Options{Scope: &words.Scope{}, Programs: facts.NewPrograms(ours)})
		if (err != nil) != refused || s != nil && len(s.Warnings) > 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestWrongFacts: an error names the line and what is wrong in it.
func TestWrongFacts(t *testing.T) {
	for text, want := range map[string]string{
		"x: foo":                      `line 1: x: there is no fact "foo"`,
		"# x\n\nx y: code":            `line 3: x: code needs a list, as in code=-c`,
		"x: code=":                    `line 1: x: the list of code is empty`,
		"x: prints=everything":        `line 1: x: prints=everything: "everything" cannot stand there`,
		"x: takes=-a,\n  -b\ny: shel": `line 3: y: there is no fact "shel"`,
		"x: takes=-a,":                `line 1: x: the list of takes ends with a comma`,
		"x prints=args":               `line 1: a line begins with the names of programs and a colon`,
		"x: runs=-1x,one":             `line 1: x: runs=-1x,one: "one" cannot stand there`,
	} {
		if err := facts.CheckPrograms(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestKnownFacts: the embedded facts are right in form, and each line can be found by each of its names.
func TestKnownFacts(t *testing.T) {
	text := facts.Known()
	if err := facts.CheckPrograms(text); err != nil {
		t.Fatal(err)
	}
	programs, logical, seen := facts.NewPrograms(), "", map[string]bool{}
	check := func() {
		head, _, _ := strings.Cut(logical, ":")
		for _, name := range strings.Fields(head) {
			if seen[name] {
				t.Errorf("%s stands in two lines", name)
			}
			seen[name] = true
			if got, ok := programs.Line(name); !ok || got != strings.TrimRight(logical, "\n") {
				t.Errorf("%s: found %q, want %q", name, got, logical)
			}
		}
	}
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, " "):
			logical += line
			continue
		case logical != "":
			check()
		}
		if logical = ""; line[0] != '#' && strings.TrimSpace(line) != "" {
			logical = line
		}
	}
	if logical != "" {
		check()
	}
	t.Logf("%d names", len(seen))
}

// TestIntricate: a script that is too long to follow is refused, and not followed for ever.
func TestIntricate(t *testing.T) {
	var b strings.Builder
	b.WriteString("f0() { eval \"$1\"; }\n")
	for i := 1; i < 20; i++ {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll("fN() { fM \"$1\"; fM \"$1\"; fM x; }\n", "N", string(rune('a'+i))), "M", map[bool]string{true: "0", false: string(rune('a' + i - 1))}[i == 1]))
	}
	b.WriteString("ft {}\n")
	if refused, _, _ := verdict(b.String()); !refused {
		t.Error("accepted")
	}
}

// BenchmarkCompile compiles scripts of usual sizes: parsing and following take about the same time.
func BenchmarkCompile(b *testing.B) {
	for name, text := range map[string]string{
		"short": `gzip -9 {} && mv {}.gz /backup`,
		"long": `retry() { local n=$1; shift; for ((i = 0; i < n; i++)); do "$@" && return; sleep 1; done; return 1; }
retry 3 curl -sf {} -o out.{#} || exit 1
while read -r a b; do case $a in x) echo "$b" ;; *) grep -c "$b" {} ;; esac; done < out.{#}
x=(a b {}); for i in "${x[@]}"; do if [ -f "$i" ]; then echo "$i" | sed s/a/b/ | sort -u; else echo no; fi; done
trap 'rm -f out.{#}' EXIT`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if refused, _, _ := verdict(text); refused {
					b.Fatal("refused")
				}
			}
		})
	}
}
