package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"
)

// TestDamage checks that errors name the line.
func TestDamage(t *testing.T) {
	good := journalLine(line(1, 0, 0, 1, "a"))
	for journal, want := range map[string]string{
		"":                                   "work.journal: empty: name a file that --journal wrote",
		"a,b\n":                              "work.journal:1: not a journal: name a file that --journal wrote",
		good:                                 "work.journal:1: not a journal: name a file that --journal wrote",
		header + good + "{}\n":               "work.journal:3: damaged",
		header + "{\"seq\":1,\n":             "work.journal:2: damaged",
		header + good + "\n":                 "work.journal:3: damaged",
		`{"journal":3,"version":"9"}` + "\n": "work.journal:1: its format is 3, and this fanout reads formats up to 2: use the fanout that wrote it, version 9",
		`{"journal":1,"version":3}` + "\n":   "work.journal:1: damaged",
		header + `{"seq":1,"outcome":"exited","worker":1,"seconds":1e300}` + "\n": "work.journal:2: damaged",
		header + `{"seq":-1,"outcome":"x"}` + "\n":                                "work.journal:2: damaged",
	} {
		for _, f := range Formats() {
			if err := Write(io.Discard, f.Name, open(t, journal)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %q: %v, want %q", f.Name, journal, err, want)
			}
		}
	}
	for _, torn := range []string{"{", `{"seq":2,"items":["b"]`, strings.Repeat("x", 3<<20)} {
		j := open(t, header+good+torn)
		var b bytes.Buffer
		if err := Write(&b, "text", j); err != nil || j.Torn() != len(torn) || !strings.Contains(b.String(), "\n1 job: 1 ok\n") {
			t.Errorf("%.20q: %v, %d, %s", torn, err, j.Torn(), &b)
		}
	}
}

// TestLongLines checks that a line may be longer than any buffer.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("long ", 1<<20)
	journal := header + journalLine(line(1, 1, 0, 1, long)) + journalLine(line(2, 0, 0, 1, "b"))
	for _, f := range Formats() {
		if out := written(t, f.Name, journal); f.Name != "tsv" && len(out) > 1<<20 {
			t.Errorf("%s: %d bytes", f.Name, len(out))
		}
	}
}

// TestOnceOnly reports on a pipe, which can be read only once.
func TestOnceOnly(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		io.WriteString(w, everything())
	}()
	j, err := Open("-", r)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var b bytes.Buffer
	if err := Write(&b, "junit", j); err != nil || !strings.Contains(b.String(), `<testsuite name="standard input" tests="13"`) {
		t.Errorf("%v, %s", err, &b)
	}
}

// FuzzRead checks that any journal gives a report or an error.
func FuzzRead(f *testing.F) {
	f.Add([]byte(everything()))
	f.Add([]byte(header + `{"seq":9223372036854775807,"outcome":"new","worker":5,"seconds":1e300,"attempts":-5}` + "\n"))
	f.Add([]byte(strings.ReplaceAll(header, "2026", "0001") + journalLine(line(1, 0, 1e9, 1e9, ""))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Count(b, []byte(`"seq":`)) > 1000 {
			return // each may take a page
		}
		j := open(t, string(b))
		var first error
		for i, format := range Formats() {
			var out bytes.Buffer
			err := Write(&out, format.Name, j)
			if i == 0 {
				first = err
			} else if (err == nil) != (first == nil) {
				t.Errorf("text: %v, %s: %v", first, format.Name, err)
			}
			if format.Name == "junit" && err == nil {
				var s suites
				if err := xml.Unmarshal(out.Bytes(), &s); err != nil || len(s.Suite.Case) != s.Tests {
					t.Errorf("%v: %s", err, &out)
				}
			}
			if format.Name == "json" && err == nil && !json.Valid(out.Bytes()) {
				t.Errorf("no JSON: %s", &out)
			}
		}
	})
}
