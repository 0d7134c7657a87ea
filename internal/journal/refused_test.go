package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	path := write(t, ended(true, item(1, "a")))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	holder := resumed(t, path)
	if _, err := Open(func() Spec { s := spec(path); s.Resume = true; return s }()); err == nil || !strings.Contains(err.Error(), "another fanout is writing") {
		t.Errorf("shared: %v", err)
	}
	holder.Close()
	for name, tt := range map[string]struct {
		text   string
		alter  func(*Spec)
		wanted string
	}{
		"not resumed":       {string(good), func(s *Spec) { s.Resume = false }, "already holds a run: continue it with --resume"},
		"no journal, new":   {"hello\n", func(s *Spec) { s.Resume = false }, "it is not empty, and not a journal; name another file"},
		"text, new":         {"hello", func(s *Spec) { s.Resume = false }, "it is not empty, and not a journal; name another file"},
		"other template":    {string(good), func(s *Spec) { s.Header.Template = "u" }, "another command"},
		"forced":            {string(good), func(s *Spec) { s.Header.Template, s.Force = "u", true }, ""},
		"no journal":        {"hello\n", func(*Spec) {}, "line 1: not a journal: name a file"},
		"empty":             {"", func(*Spec) {}, ""},
		"later format":      {`{"journal":3,"version":"9"}` + "\n", func(*Spec) {}, "its format is 3"},
		"of format 1":       {strings.Replace(string(good), `{"journal":2`, `{"journal":1`, 1), func(*Spec) {}, ""},
		"nobody's replies":  {string(good) + `{"taken_back":[0],"error":"x","time":"2026-01-02T03:04:05.000Z"}` + "\n", func(*Spec) {}, "line 3: damaged: delete the line"},
		"taken back first":  {`{"taken_back":[1],"error":"x","time":"2026-01-02T03:04:05.000Z"}` + "\n", func(*Spec) {}, "line 1: not a journal"},
		"damaged":           {string(good) + "{}\n", func(*Spec) {}, "line 3: damaged: delete the line"},
		"zeros":             {string(good) + strings.Repeat("\x00", 9) + "\n", func(*Spec) {}, "damaged"},
		"zeros inside":      {strings.Replace(string(good), `"host"`, "\x00\x00\x00\x00\x00\x00", 1), func(*Spec) {}, "damaged"},
		"no place":          {strings.Replace(string(good), `"at":[1]`, `"at":[]`, 1), func(*Spec) {}, "damaged"},
		"place 0":           {strings.Replace(string(good), `"at":[1]`, `"at":[0]`, 1), func(*Spec) {}, "damaged"},
		"other form":        {strings.Replace(string(good), `{"seq":1`, `{ "seq" : 1`, 1), func(*Spec) {}, ""},
		"blank line":        {string(good) + "\n", func(*Spec) {}, "damaged"},
		"identity too long": {strings.Replace(string(good), `"id":["`, `"id":["AAAA`, 1), func(*Spec) {}, "damaged"},
	} {
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := spec(path)
		s.Resume = true
		tt.alter(&s)
		j, err := Open(s)
		if err == nil {
			j.Abandon()
		}
		if (err == nil) != (tt.wanted == "") || err != nil && (!strings.Contains(err.Error(), tt.wanted) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v, want %q", name, err, tt.wanted)
		}
		if text, _ := os.ReadFile(path); err != nil && string(text) != tt.text {
			t.Errorf("%s: the journal was changed to %q", name, text)
		}
	}
	for _, bad := range []string{os.DevNull, t.TempDir(), "/dev/full", filepath.Join(t.TempDir(), "none", "journal")} {
		if j, err := Open(spec(bad)); err == nil {
			j.Abandon()
			t.Errorf("%s is taken as a journal", bad)
		}
	}
	s := spec(filepath.Join(t.TempDir(), "none"))
	s.Failed = true
	if _, err := Open(s); err == nil {
		t.Error("what has failed is looked up in no journal")
	}
}

// TestAbandon checks that a run that never begins leaves a journal as it was.
func TestAbandon(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "fresh")
	was := write(t, ended(true, item(1, "a")))
	text, err := os.ReadFile(was)
	if err != nil {
		t.Fatal(err)
	}
	torn := string(text) + "{torn"
	empty := filepath.Join(t.TempDir(), "empty")
	for path, text := range map[string]string{was: torn, empty: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{fresh, was, empty} {
		s := spec(path)
		s.Resume = true
		j, err := Open(s)
		if err != nil {
			t.Fatal(err)
		}
		if j.GoesOn() != (path == was) {
			t.Errorf("%s: goes on: %v", path, j.GoesOn())
		}
		j.Abandon()
	}
	if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	if text, err := os.ReadFile(was); string(text) != torn {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := os.ReadFile(empty); err != nil || len(text) > 0 {
		t.Errorf("%q, %v", text, err)
	}
	j := resumed(t, was)
	j.Abandon() // too late: it is being written
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

// TestPeek checks that Peek leaves the journal as it is.
func TestPeek(t *testing.T) {
	path := write(t, ended(true, item(1, "a")))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "{torn")
	f.Close()
	before, _ := os.ReadFile(path)
	s := spec(path)
	s.Resume = true
	j, err := Peek(s)
	if err != nil {
		t.Fatal(err)
	}
	if places := left(j, item(1, "a"), item(2, "b")); !reflect.DeepEqual(places, []int64{2}) {
		t.Errorf("%v", places)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Errorf("%q", after)
	}
}
