package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files under a new directory, each of which holds its own name.
func tree(t *testing.T, files ...string) string {
	dir := t.TempDir()
	for _, file := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("text of "+file+"\n\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	dir := tree(t, "COPYING", "README", "license.go", "a/LICENSE", "a/b/x", "other/LICENSE")
	all := []module{
		{Path: "z", Version: "v1", Dir: tree(t, "UNLICENSE", "NOTICE.txt")},
		{Path: "m", Version: "v2", Dir: dir, packages: []string{dir, filepath.Join(dir, "a", "b")}},
		{Path: "Go", Dir: tree(t, "LICENSE", "PATENTS")},
	}
	var first, second bytes.Buffer
	if err := write(&first, all); err != nil {
		t.Fatal(err)
	}
	all[0], all[2] = all[2], all[0]
	if err := write(&second, all); err != nil || second.String() != first.String() {
		t.Errorf("in another order: %v\n%s", err, &second)
	}
	rule := "\n" + strings.Repeat("=", 80) + "\n"
	want := "fanout is linked with the following. Each section has the files that come with it.\n" +
		rule + "Go\n\n--- LICENSE\n\ntext of LICENSE\n\n--- PATENTS\n\ntext of PATENTS\n" +
		rule + "m v2\n\n--- COPYING\n\ntext of COPYING\n\n--- a/LICENSE\n\ntext of a/LICENSE\n" +
		rule + "z v1\n\n--- NOTICE.txt\n\ntext of NOTICE.txt\n\n--- UNLICENSE\n\ntext of UNLICENSE\n"
	if first.String() != want {
		t.Errorf("%s\nwant %s", &first, want)
	}
}

func TestNoLicence(t *testing.T) {
	dir := tree(t, "NOTICE", "PATENTS", "README", "a/LICENSE")
	err := write(&bytes.Buffer{}, []module{{Path: "example.org/m", Version: "v1", Dir: dir, packages: []string{filepath.Join(dir, "a")}}})
	if err == nil || !strings.Contains(err.Error(), "example.org/m v1: there is no licence in "+dir) {
		t.Error(err)
	}
}
