package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestUTF8Writer checks that characters cut by writes stay whole, and that other bytes are replaced.
func TestUTF8Writer(t *testing.T) {
	text := "a é日本\U0001F600 \xff\xc3(\xe2\x82 \xf0\x9f\x98"
	want := "a é日本\U0001F600 \uFFFD\uFFFD(\uFFFD\uFFFD \uFFFD\uFFFD\uFFFD"
	for size := 1; size <= len(text); size++ {
		var b strings.Builder
		w := &utf8Writer{to: &b}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.flush(); err != nil || b.String() != want {
			t.Errorf("by %d: %q, %v, want %q", size, b.String(), err, want)
		}
	}
}

// TestReportsAreText checks that each format is UTF-8, wherever a journal is not.
func TestReportsAreText(t *testing.T) {
	b64 := `{"base64":"af/DKA=="}`
	text := `{"journal":1,"version":"1","argv":[` + b64 + `],"cwd":` + b64 + `,"template":"x","host":"h","time":"2026-01-02T03:04:05.000Z"}` + "\n" +
		`{"seq":1,"items":[` + b64 + `],"ok":false,"outcome":"exited","exit_code":3,"signal":null,"error":"exit 3","attempts":1,"host":"h","worker":1,` +
		`"start":"2026-01-02T03:04:05.000Z","seconds":1,"user_seconds":0,"system_seconds":0,"max_rss":0,"stderr":` + b64 + `}` + "\n"
	path := filepath.Join(t.TempDir(), "j\xff.journal")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range names() {
		j, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := Write(&b, format, j); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if !utf8.ValidString(b.String()) {
			t.Errorf("%s is not UTF-8: %q", format, b.String())
		}
		j.Close()
	}
}
