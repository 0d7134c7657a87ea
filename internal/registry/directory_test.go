package registry

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDefaultDir(t *testing.T) {
	tmp, own := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	shared := filepath.Join(tmp, filepath.Base(DefaultDir())) // fanout-UID
	open := filepath.Join(t.TempDir(), "open")
	os.Mkdir(open, 0o700)
	os.Chmod(open, 0o770)
	file := filepath.Join(own, "file")
	os.WriteFile(file, nil, 0o600)
	for runtime, want := range map[string]string{
		own: own + "/fanout", "": shared, own + "/missing": shared, file: shared, open: shared,
	} {
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		if got := DefaultDir(); got != want {
			t.Errorf("%s: %s, want %s", runtime, got, want)
		}
	}
}

// TestBothDirectories: a run that was registered without XDG_RUNTIME_DIR is found with it.
func TestBothDirectories(t *testing.T) {
	registry(t)
	own := os.Getenv("XDG_RUNTIME_DIR")
	t.Setenv("XDG_RUNTIME_DIR", "")
	cron := register(t, newRunID())
	defer cron.Close()
	t.Setenv("XDG_RUNTIME_DIR", own)
	login := register(t, newRunID())
	defer login.Close()
	if all, err := runs(t); err != nil || len(all) != 2 || all[0].RunID != cron.runID || all[1].RunID != login.runID {
		t.Errorf("%v, %v", all, err)
	}
	// A directory that others can write to holds no run of ours.
	os.Chmod(filepath.Dir(cron.Path()), 0o777)
	if all, err := runs(t); err != nil || len(all) != 1 || all[0].RunID != login.runID {
		t.Errorf("%v, %v", all, err)
	}
}

// TestBadDirectory: a directory that others can change is neither used nor read, and the error tells whose it is and
// what to do.
func TestBadDirectory(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(path string) error
		want []string
	}{
		"symlink":        {func(path string) error { return os.Symlink(t.TempDir(), path) }, []string{"symbolic link", "remove it"}},
		"dangling":       {func(path string) error { return os.Symlink("missing", path) }, []string{"symbolic link", "remove it"}},
		"file":           {func(path string) error { return os.WriteFile(path, nil, 0o600) }, []string{"is a file", "remove it"}},
		"group-writable": {func(path string) error { return mkdir(path, 0o770, -1) }, []string{"others may write", "chmod 700"}},
		"writable":       {func(path string) error { return mkdir(path, 0o703, -1) }, []string{"others may write", "chmod 700"}},
		"foreign":        {func(path string) error { return mkdir(path, 0o700, 12345) }, []string{"user 12345", "not to you", "XDG_RUNTIME_DIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := registry(t)
			if err := tt.make(dir); err != nil {
				t.Skip("only root can make this: ", err)
			}
			_, err := Register(dir, Entry{RunID: newRunID()})
			_, err2 := Open()
			for _, err := range []error{err, err2} {
				for _, want := range append(tt.want, dir, "user ") {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%v: no %q", err, want)
					}
				}
			}
		})
	}
}

func mkdir(path string, mode os.FileMode, uid int) error {
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	if err := os.Chmod(path, mode); err != nil {
		return err
	}
	return os.Chown(path, uid, -1)
}
