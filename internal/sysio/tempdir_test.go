package sysio

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTempDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sealed := filepath.Join(dir, "sealed")
	if err := os.Mkdir(sealed, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	const instead = "; /tmp is used instead"
	for name, want := range map[string]string{
		"": "", dir: "", dir + "/gone": "TMPDIR is " + dir + "/gone: no such file or directory" + instead, file: "TMPDIR is " + file + ": not a directory" + instead,
		file + "/x": "TMPDIR is " + file + "/x: not a directory" + instead, ".": "TMPDIR is .: it is not an absolute path" + instead,
		"/a b\x1b": `TMPDIR is "/a b\x1b": no such file or directory` + instead, sealed: "TMPDIR is " + sealed + ": permission denied" + instead,
	} {
		if name == sealed && os.Geteuid() == 0 {
			continue // who may write anywhere
		}
		t.Setenv("TMPDIR", name)
		got, why := TempDir()
		text := ""
		if why != nil {
			text = why.Error()
		}
		if used := got != "/tmp"; text != want || used != (name == dir) {
			t.Errorf("%q: %s, %q, want %q", name, got, text, want)
		}
	}
}
