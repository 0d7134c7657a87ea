package process

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestLookPath(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"a/run": 0o755, "a/plain": 0o644, "b/run": 0o755, "b/plain": 0o755, "b/only": 0o644, "here": 0o755} {
		file := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	os.Mkdir(filepath.Join(dir, "a", "folder"), 0o755)
	os.Symlink("missing", filepath.Join(dir, "a", "broken"))
	os.Symlink("../b/run", filepath.Join(dir, "a", "link"))
	both := dir + "/a:" + dir + "/b"
	for _, tt := range []struct {
		name, path, dir string
		want            string
		err             error
	}{
		{"run", both, "", dir + "/a/run", nil},
		{"run", dir + "/nowhere:" + dir + "/here:" + both, "", dir + "/a/run", nil},
		{"plain", both, "", dir + "/b/plain", nil}, // the first cannot be executed
		{"only", both, "", "", fs.ErrPermission},
		{"folder", both, "", "", fs.ErrPermission},
		{"broken", both, "", "", fs.ErrNotExist},
		{"link", both, "", dir + "/a/link", nil},
		{"missing", both, "", "", fs.ErrNotExist},
		{"", both, "", "", fs.ErrNotExist},
		{"run", "a", dir, "a/run", nil}, // as seen from the job's directory
		{"run", "a", dir + "/b", "", fs.ErrNotExist},
		{"here", ":" + both, dir, "./here", nil},
		{"here", both + ":", dir, "./here", nil},
		{"here", ".", dir, "./here", nil},
		{"here", both, dir, "", fs.ErrNotExist},
		{"./here", both, dir, "./here", nil},
		{"a/run", "", dir, "a/run", nil},
		{"a/plain", "", dir, "a/plain", fs.ErrPermission},
		{"a/nothing", "", dir, "a/nothing", fs.ErrNotExist},
		{dir + "/b/run", "", "/", dir + "/b/run", nil},
		{"./", "", dir, "./", fs.ErrPermission},
	} {
		got, err := LookPath(tt.name, tt.path, tt.dir)
		if !errors.Is(err, tt.err) || err == nil && got != tt.want {
			t.Errorf("%q in %q from %q: %q, %v, want %q, %v", tt.name, tt.path, tt.dir, got, err, tt.want, tt.err)
		}
	}
}
