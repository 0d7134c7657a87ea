package script

import (
	"slices"
	"strings"
	"testing"

	"fanout/internal/job"
)

// source returns the text of a script from its pieces: what the user wrote.
func (s *Script) source() string {
	var b strings.Builder
	var write func(pieces []piece)
	write = func(pieces []piece) {
		for _, p := range pieces {
			switch {
			case p.word > 0:
				write(s.words[p.word-1])
			case p.occ != nil && p.occ.Source == appended:
				b.WriteString("\x00")
			case p.occ != nil:
				b.WriteString(p.occ.Source)
			default:
				b.WriteString(p.lit)
			}
		}
	}
	write(s.pieces)
	return strings.Replace(b.String(), " \x00", "", 1)
}

// TestVerbatim: a shell gets the user's text, byte for byte, except for the placeholders.
func TestVerbatim(t *testing.T) {
	texts := slices.Concat(same, line, []string{
		"echo {}\r\necho b\r\n", "echo 'a\xffb\xc3(' {}; : $x", "  echo\t {}  ;;\n"[:11], "\n\n# remark {}\n\techo {} # {{}} \\\n\n:; : $x\n\n", "echo {} \\\n  b \\\n\n: $x",
		"{ echo {};:;};(:);:&wait", "if :;then\necho {};fi;case x in(x)echo {};;esac", "x=1 ;echo $x{} \"$x{}\" `echo \\$x{}`", "shopt -s extglob\necho +(a|b) {}",
		"shopt -s expand_aliases\nalias ll='ls -l'\nll {}", "echo $((1-{}))$(( 2+{} )) $[{}]", "cat <<E;echo {}\n$(echo {})\nE\n", "cat <<-E\n\t\t{}\r\n\tE\necho", "cat {} <<\\E\n$x\\\nE\n",
		"echo a\\\nb{}c\\\nd", "echo \"a\\\nb{}c\"", "[[ {} =~ ^(a|b)$ ]]&&echo {}", "echo {} >o 2>&1  </dev/null|cat  -", "function f { echo {} ; } ; f", "for ((i=0;i<{};i++)){ :; }", "echo é\u00a0{}\u2028 \x01\v\f",
		"time -p echo {}", "echo {}\\", "echo {} \\", "wc -l", "wc -l  \n\n", "wc \\\n", "! { {}; }", "x=({} [3]=b # c\n{});echo ${x[@]}", "select x in {};do :;done",
	})
	for _, text := range texts {
		for _, batch := range []int{1, 2} {
			tt, err := given{text: text + "\n", batch: batch}.compile()
			if err != nil {
				if batch == 1 {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			if got := tt.source(); got != text+"\n" && !strings.Contains(text, "'E") && !strings.Contains(text, `"E`) && !strings.Contains(text, `\E`) {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	for text, want := range map[string]string{
		"cat  {} <<'E'\n$x `y` \\z\nE\n :":                    "cat  \"${1}\" <<'E'\n$x `y` \\z\nE\n :",
		" cat  <<'E' ;:\n$x {} `y` \\z\n\tE\nE\n : 'E' \"x\"": " cat  <<E ;:\n\\$x ${1} \\`y\\` \\\\z\n\tE\nE\n : 'E' \"x\"",
		"cat  <<-\"E\" &&\n\t\t$x {}\n\tE\n:":                 "cat  <<-E &&\n\t\t\\$x ${1}\n\tE\n:",
		"\techo  {{}}  '{{.}}' {} # {{}} {}":                  "\techo  '{}'  '{.}' \"${1}\" # {{}} {}",
	} {
		tt, err := compile(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, _, err := tt.shell(job.Job{Items: items("x")}); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestLines: a spliced script has as many lines as the user's.
func TestLines(t *testing.T) {
	for _, text := range slices.Concat(same, line) {
		tt, err := compile(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got, _, _ := tt.shell(job.Job{Items: items("5")}); strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q has other lines: %q", text, got)
		}
	}
}

// TestParsable: bytes that the parser would read otherwise than bash are hidden from it.
func TestParsable(t *testing.T) {
	for text, want := range map[string]string{
		"a\r\nb\xff\xc3(é":  "a\x02\nb\x02\x02(é",
		"a # b\\\nc":        "a # b\x02\nc",
		"a #\\\n#\\\nc":     "a #\x02\n#\x02\nc",
		"a # b\\\\\nc":      "a # b\\\\\nc",
		"a \\\n# b":         "a \\\n# b",
		"a\\\n#b":           "a\\\n#b",
		"'# b\\\nc'":        "'# b\\\nc'",
		"\"# b\\\nc\"":      "\"# b\\\nc\"",
		"a <<E\n# b\\\nE\n": "a <<E\n# b\\\nE\n",
		"a <<E # b\\\nE\n":  "a <<E # b\x02\nE\n",
		"if a # b\\\nthen # c\\\nd # e\\\nelse # f\\\ng\nfi": "if a # b\x02\nthen # c\x02\nd # e\x02\nelse # f\x02\ng\nfi",
		"case x in # a\\\na) # b\\\n;; # c\\\nesac":          "case x in # a\x02\na) # b\x02\n;; # c\x02\nesac",
		"f() { # a\\\nb; }":                                  "f() { # a\x02\nb; }",
		"a && # b\\\nc | # d\\\ne":                           "a && # b\x02\nc | # d\x02\ne",
		"x=$( # a\\\nb) \\\n  c # d\\\n":                     "x=$( # a\x02\nb) \\\n  c # d\x02\n",
		"x=`a # b\\\nc`":                                     "x=`a # b\x02\nc`",
		"x=(a # b\\\nc)":                                     "x=(a # b\x02\nc)",
		"for i in a # b\\\ndo # c\\\n:; done":                "for i in a # b\x02\ndo # c\x02\n:; done",
		"${x#a\\\nb}":                                        "${x#a\\\nb}",
		"a | \\\n# c":                                        "a | \\\n# c",
	} {
		if got := parsable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
