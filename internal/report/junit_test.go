package report

import (
	"encoding/xml"
	"strconv"
	"strings"
	"testing"
)

// suites holds what readers of JUnit's reports take from them.
type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suite    struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Time     string `xml:"time,attr"`
		Stamp    string `xml:"timestamp,attr"`
		Case     []struct {
			Name    string   `xml:"name,attr"`
			Class   string   `xml:"classname,attr"`
			Time    string   `xml:"time,attr"`
			Failure *failure `xml:"failure"`
			Error   *failure `xml:"error"`
			Stderr  string   `xml:"system-err"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func TestJUnit(t *testing.T) {
	var s suites
	out := written(t, "junit", everything())
	if err := xml.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s.Tests != 13 || s.Failures != 4 || s.Errors != 4 || s.Suite.Name != "work" || s.Suite.Tests != 13 || s.Suite.Failures != 4 || s.Suite.Stamp != "2026-01-02T03:04:05" || len(s.Suite.Case) != 13 {
		t.Errorf("%+v", s)
	}
	failures, errors := 0, 0
	names := map[string]bool{}
	for _, c := range s.Suite.Case {
		names[c.Name] = true
		if c.Failure != nil {
			failures++
		}
		if c.Error != nil {
			errors++
		}
		if _, err := strconv.ParseFloat(c.Time, 64); err != nil || c.Class != "work" || c.Name == "mended" && (c.Failure != nil || c.Time != "5.000") {
			t.Errorf("%+v", c)
		}
	}
	if failures != s.Failures || errors != s.Errors || !names["a\nb c"] || !names[`\xFF`] || !names["job 12: x and 2 more"] {
		t.Errorf("%d failures, %d errors, %v", failures, errors, names)
	}
	if !strings.Contains(out, `\x1B[1mbad`) {
		t.Errorf("its standard error: %s", out)
	}
}

// TestXMLText checks that any bytes become text that XML can hold, and that such text stays.
func TestXMLText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "größe <&>": "größe <&>", "a\x00b": `a\x00b`, "\xff\uFFFD\xc3": "\\xFF\uFFFD\\xC3", "\ufffe": `\uFFFE`, "a\tb\n": "a\tb\n", "\x1b": `\x1B`,
	} {
		if got := xmlText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
