package remote

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fanout/internal/testkit"
)

// far is a far end whose directories are the test's, and a program to be had there.
type far struct {
	t       *testing.T
	dir     string
	args    []string // the shell, up to what it is to run
	program Program
	env     []string
}

func newFar(t *testing.T, shell string) *far {
	testkit.NeedsOf(t, shell)
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("there is no %s here", shell)
	}
	dir := t.TempDir()
	f := &far{t: t, dir: dir}
	text := []byte("#!/bin/sh\n[ \"$2\" = --identity ] && echo the same && exit\necho worker \"$@\" of $FANOUT_MARK\n")
	f.program = Program{Path: filepath.Join(dir, "ours"), Identity: "the same", Sum: fmt.Sprintf("%x", sha256.Sum256(text)), Size: int64(len(text))}
	if err := os.WriteFile(f.program.Path, text, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"tmp", "home", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f.args = []string{path, "-c"}
	if shell == "busybox" {
		if err := os.Symlink(path, filepath.Join(dir, "bin/sh")); err != nil {
			t.Fatal(err)
		}
		f.args = []string{path, "sh", "-c"}
	}
	f.env = []string{"PATH=" + filepath.Join(dir, "bin") + ":/usr/bin:/bin", "TMPDIR=" + filepath.Join(dir, "tmp"), "HOME=" + filepath.Join(dir, "home")}
	return f
}

// run has the shell run the script as a login shell does what ssh gives it, and sends it what
// it asks for and more, as for a worker.
func (f *far) run() (out string) {
	f.t.Helper()
	sent, err := os.ReadFile(f.program.Path)
	if err != nil {
		f.t.Fatal(err)
	}
	c := exec.Command(f.args[0], append(f.args[1:], "exec sh -c '"+f.program.script("token", "mark.w1.1", "--far", "")+"'")...)
	c.Env = f.env
	var stderr bytes.Buffer
	c.Stdin, c.Stderr = bytes.NewReader(sent), &stderr
	text, _ := c.Output()
	if stderr.Len() > 0 {
		f.t.Errorf("it says: %s", stderr.Bytes())
	}
	return string(text)
}

func (f *far) kept() string {
	return filepath.Join(f.dir, "tmp", fmt.Sprintf("fanout-worker-%d", os.Getuid()))
}

// TestScript has login shells become a worker: the first time by a copy of ours, then by the
// one that is there.
func TestScript(t *testing.T) {
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			f := newFar(t, shell)
			out := f.run()
			if !strings.Contains(out, "token need ") || !strings.Contains(out, "token send "+f.kept()) || !strings.HasSuffix(out, "token run\nworker worker --far of mark.w1.1\n") {
				t.Fatalf("the first time: %q", out)
			}
			if out := f.run(); out != "token run\nworker worker --far of mark.w1.1\n" {
				t.Errorf("the second time: %q", out)
			}
			info, err := os.Stat(f.kept())
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// TestScriptInstalled uses a fanout that says that it is the same.
func TestScriptInstalled(t *testing.T) {
	f := newFar(t, "sh")
	for name, want := range map[string]string{
		"the same": "token run\ninstalled --far\n",
		"another":  "token need",
	} {
		text := fmt.Sprintf("#!/bin/sh\n[ \"$2\" = --identity ] && echo %s && exit\necho installed $2\n", name)
		if err := os.WriteFile(filepath.Join(f.dir, "bin/fanout"), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if out := f.run(); !strings.HasPrefix(out, want) {
			t.Errorf("with %s: %q", name, out)
		}
	}
}

// TestScriptTraps has others have been there before us.
func TestScriptTraps(t *testing.T) {
	for name, trap := range map[string]func(*far) error{
		"a link":      func(f *far) error { return os.Symlink(f.dir, f.kept()) },
		"open to all": func(f *far) error { os.Mkdir(f.kept(), 0o777); return os.Chmod(f.kept(), 0o777) },
		"a file":      func(f *far) error { return os.WriteFile(f.kept(), nil, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFar(t, "sh")
			// What would be run if the trap were not seen.
			if err := trap(f); err != nil {
				t.Fatal(err)
			}
			f.program.Sum = fmt.Sprintf("%x", sha256.Sum256([]byte(t.Name()))) // so that no place takes it
			if out := f.run(); strings.Contains(out, "send "+f.kept()) || strings.Contains(out, "run") {
				t.Errorf("%q", out)
			}
		})
	}
	t.Run("damaged since", func(t *testing.T) {
		f := newFar(t, "sh")
		f.run()
		copies, _ := filepath.Glob(filepath.Join(f.kept(), "*", "fanout"))
		if len(copies) != 1 {
			t.Fatalf("%v are kept", copies)
		}
		if err := os.WriteFile(copies[0], []byte("\x7fELF and no more"), 0o700); err != nil {
			t.Fatal(err)
		}
		if out := f.run(); !strings.Contains(out, "token send ") || !strings.HasSuffix(out, "token run\nworker worker --far of mark.w1.1\n") {
			t.Errorf("%q", out)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		f := newFar(t, "sh")
		f.program.Sum = strings.Repeat("0", 64)
		out := f.run()
		if !strings.Contains(out, "token bad ") || strings.Contains(out, "token run") {
			t.Errorf("%q", out)
		}
		left, _ := filepath.Glob(filepath.Join(f.kept(), "*"))
		if len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestFits(t *testing.T) {
	var p Program
	if err := p.fits("Linux x86_64"); err != nil {
		t.Logf("%v", err) // not on other machines
	}
	for _, uname := range []string{"Plan9 x86_64", "Linux vax", "", "Linux"} {
		if err := p.fits(uname); err == nil || !strings.Contains(err.Error(), "install") {
			t.Errorf("%q: %v", uname, err)
		}
	}
}
