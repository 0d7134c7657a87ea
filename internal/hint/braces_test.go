package hint

import (
	"strings"
	"testing"
)

// TestBraces: which braces cause a hint, and what it says.
func TestBraces(t *testing.T) {
	for in, want := range map[string]string{
		"{...}":           `parallel, not of fanout, and stays as it is; write {..}, which leaves out all extensions`,
		"{/...}":          `parallel, not of fanout, and stays as it is; write {/..}, which leaves out all extensions`,
		"{+/}":            `parallel, not of fanout, and stays as it is; write {//}/`,
		"{+..}":           `parallel, not of fanout, and stays as it is; write f={/}; "${f#*.}" in a quoted script`,
		"{+...}":          `parallel, not of fanout, and stays as it is; write f={/}; "${f#*.}" in a quoted script`,
		"{0#}":            `parallel, not of fanout, and stays as it is; write $(printf %04d {#}) in a quoted script`,
		"{0%}":            `parallel, not of fanout, and stays as it is; write $(printf %04d {%}) in a quoted script`,
		"{uniq}":          `parallel, not of fanout, and stays as it is; write [[ {1} = {2} ]] || … in a quoted script`,
		"{choose_k}":      `parallel, not of fanout, and stays as it is; write [[ {1} < {2} ]] && … in a quoted script`,
		"{slot}":          `parallel, not of fanout, and stays as it is; write {%}`,
		"{sshlogin}":      `parallel, not of fanout, and stays as it is; write {host}`,
		"{:-none}":        `parallel, not of fanout, and stays as it is; write f={}; "${f:-none}" in a quoted script`,
		"{:2}":            `parallel, not of fanout, and stays as it is; write f={}; "${f:2}" in a quoted script`,
		"{:2:3}":          `parallel, not of fanout, and stays as it is; write f={}; "${f:2:3}" in a quoted script`,
		"{#demo_}":        `parallel, not of fanout, and stays as it is; write f={}; "${f#demo_}" in a quoted script`,
		"{##demo_}":       `parallel, not of fanout, and stays as it is; write {#demo_}`,
		"{%_demo}":        `parallel, not of fanout, and stays as it is; write f={}; "${f%_demo}" in a quoted script`,
		"{%.tar.gz}":      `parallel, not of fanout, and stays as it is; write f={}; "${f%.tar.gz}" in a quoted script`,
		"{%%.gz}":         `parallel, not of fanout, and stays as it is; write {%.gz}`,
		"{/old/new}":      `parallel, not of fanout, and stays as it is; write f={}; "${f/old/new}" in a quoted script`,
		"{^^a}":           `parallel, not of fanout, and stays as it is; write f={}; "${f^^a}" in a quoted script`,
		"{= s/a{2}/b/ =}": `parallel, not of fanout, and stays as it is; write f={}; and what bash has, such as "${f%.*}", in a quoted script`,
		"{=1 uc =}":       `parallel, not of fanout, and stays as it is; write f={}; and what bash has, such as "${f%.*}", in a quoted script`,
		"{:}":             `rush, not of fanout, and stays as it is; write {..}`,
		"{2:}":            `rush, not of fanout, and stays as it is; write {2..}`,
		"{%.}":            `rush, not of fanout, and stays as it is; write {/.}`,
		"{%:}":            `rush, not of fanout, and stays as it is; write {/..}`,
		"{1%}":            `rush, not of fanout, and stays as it is; write {1/}`,
		"{1%.}":           `rush, not of fanout, and stays as it is; write {1/.}`,
		"{1...}":          `parallel, not of fanout, and stays as it is; write {1..}, which leaves out all extensions`,
		"{^.fq.gz}":       `rush, not of fanout, and stays as it is; write {%.fq.gz}`,
		"{@(.+)_R1}":      `rush, not of fanout, and stays as it is; write [[ {} =~ (.+)_R1 ]] && … "${BASH_REMATCH[1]}" in a quoted script`,
	} {
		placeholder, say := Brace("x"+in+"y", 1, false)
		if placeholder != in || say != in+" is a placeholder of "+want {
			t.Errorf("%s: %q, %q\nwant %q", in, placeholder, say, want)
		}
	}
	for _, in := range []string{
		"{}", "{ }", "{a}", "{name}", "{a,b}", "{,bak}", "{,,a}", "{1..3}", "{a..z}", "{01..10..2}", "{x", "{", "{{..}}", "{{/x/y}}", "{#}", "{/}",
		"{%s}", "{%d}", "{%5.2f}", "{%-20s}", "{%ld}", "{%F}", "{%s:%d}", "{% if x %}", "{# note #}", "{#1}", "{=}", "{==}", "{=a}", "{/a,/b}", "{^}", "{^2}", `{^\circ}`, "{@_}", "{@list}",
		`{"a":1}`, "{print $1}", "{.name}", "{.a.b}", "{-a}", "{-}", "{--x}", "{+}", "{+x}", "{0}", "{0,3}", "{2,}", "{:x}", "{: }", "{s}", "{usage}", "{copy}", "{...args}",
	} {
		if _, say := Brace(in, 0, false); say != "" {
			t.Errorf("%s: %s", in, say)
		}
	}
	for _, in := range []string{"${..}", "%{-1}", "@{-1}", "^{/fix/x}", "#{..}", "{{..}"} {
		if _, say := Brace(in, strings.IndexByte(in[1:], '{')+1, false); say != "" {
			t.Errorf("%s: %s", in, say)
		}
	}
	// In the text of a program, the braces belong to the program.
	for _, in := range []string{"{:5}", "{:>10}", "{:-5}", "{1:}", "{/x/d}", "{/a/b}", "{#abc}", "{%hash}", "{^abc}", "{^^abc}", "{@(x)}", "{slot}", "{-1}", "{:}"} {
		if _, say := Brace(in, 0, true); say != "" {
			t.Errorf("%s: %s", in, say)
		}
	}
}

// TestTable: each hint has a text, and a command line that causes it if one can.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for k := range Kinds {
		text := k.Text()
		if text == "" || seen[text] || strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || len(text) > 110 {
			t.Errorf("hint %d: %q", k, text)
		}
		seen[text] = true
		if (k.Typed() == "") != (k == Terminal) {
			t.Errorf("%s: it is given to %q", text, k.Typed())
		}
	}
}
