package input

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// wordsTable is checked against xargs as well, see TestWordsAsXargs.
var wordsTable = []struct {
	in   string
	want []string
}{
	{"", nil},
	{" \t\n", nil},
	{"a b\tc\nd", []string{"a", "b", "c", "d"}},
	{"  a  \n\n  b  \n", []string{"a", "b"}},
	{"a #b\n", []string{"a", "#b"}},
	{"# a", []string{"#", "a"}},
	{`'a b' "c d" e\ f`, []string{"a b", "c d", "e f"}},
	{`a'b c'"d e"f\ g`, []string{"ab cd ef g"}},
	{`'a\' "b\" c`, []string{`a\`, `b\`, "c"}},
	{`'"' "'" \' \"`, []string{`"`, `'`, `'`, `"`}},
	{"a\\\nb", []string{"a\nb"}},
	{"\\\n", []string{"\n"}},
	{`a\\b`, []string{`a\b`}},
	{`\a`, []string{"a"}},
	{`a\`, []string{"a"}},
	{`a \`, []string{"a"}},
	{`\`, nil},
	{"'' a \"\"\n''\nb''", []string{"", "a", "", "", "b"}},
	{"a\vb \v\f\rc\r\nd\r e", []string{"a\vb", "c\r", "d\r", "e"}},
	{"\r\n", nil},
	{"\xff\xfe é", []string{"\xff\xfe", "é"}},
	{"$HOME `x` $(x) * ~ ; | &", []string{"$HOME", "`x`", "$(x)", "*", "~", ";", "|", "&"}},
}

func TestWords(t *testing.T) {
	for _, tt := range wordsTable {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once":       func(r io.Reader) io.Reader { return r },
			"byte by byte":  iotest.OneByteReader,
			"data with EOF": iotest.DataErrReader,
		} {
			got, err := drain(newWords(wrap(strings.NewReader(tt.in)), "f"))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q, %s: %q, %v; want %q", tt.in, name, got, err, tt.want)
			}
		}
	}
}

// TestWordsKeepAll has input that xargs drops and fanout keeps.
func TestWordsKeepAll(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`a ''`, []string{"a", ""}},
		{`""`, []string{""}},
		{"a\x00b c", []string{"a\x00b", "c"}},
	} {
		if got, err := drain(newWords(strings.NewReader(tt.in), "f")); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestWordsUnmatched(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		before   []string
	}{
		{`"`, "reading f: line 1: unmatched double quote", nil},
		{"a b\nc\n d 'e f", "reading f: line 3: unmatched single quote", []string{"a", "b", "c", "d"}},
		{"a it's\nb it's\n", "reading f: line 1: unmatched single quote", []string{"a"}},
		{"a\\\nb \"c", "reading f: line 2: unmatched double quote", []string{"a\nb"}},
		{"a 'b'\"c\n\"", "reading f: line 1: unmatched double quote", []string{"a"}},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			got, err := drain(newWords(r, "f"))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !reflect.DeepEqual(got, tt.before) {
				t.Errorf("%q: %q, %v; want %q and %q", tt.in, got, err, tt.before, tt.want)
			}
		}
	}
}

func TestWordsHuge(t *testing.T) {
	want := []string{strings.Repeat("x ", 6<<20), "y"}
	got, err := drain(newWords(strings.NewReader("'"+want[0]+"' y"), "f"))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d words, %v", len(got), err)
	}
}
