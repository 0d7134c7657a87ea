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

// host is one whose directories are the test's, and a program that it may fetch.
type host struct {
	t       *testing.T
	dir     string
	args    []string // the shell, up to what it is to run
	program Program
	env     []string
}

func newHost(t *testing.T, shell string) *host {
	testkit.NeedsOf(t, shell)
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("there is no %s here", shell)
	}
	dir := t.TempDir()
	h := &host{t: t, dir: dir}
	text := []byte("#!/bin/sh\n[ \"$2\" = --identity ] && echo the same && exit\necho worker \"$@\" of $FANOUT_MARK\n")
	h.program = Program{Path: filepath.Join(dir, "ours"), Identity: "the same", Sum: fmt.Sprintf("%x", sha256.Sum256(text)), Size: int64(len(text))}
	if err := os.WriteFile(h.program.Path, text, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"tmp", "home", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.args = []string{path, "-c"}
	if shell == "busybox" {
		if err := os.Symlink(path, filepath.Join(dir, "bin/sh")); err != nil {
			t.Fatal(err)
		}
		h.args = []string{path, "sh", "-c"}
	}
	h.env = []string{"PATH=" + filepath.Join(dir, "bin") + ":/usr/bin:/bin", "TMPDIR=" + filepath.Join(dir, "tmp"), "HOME=" + filepath.Join(dir, "home")}
	return h
}

// run runs the script as a login shell runs what ssh gives it, and sends what the script asks for.
func (h *host) run() (out string) {
	h.t.Helper()
	sent, err := os.ReadFile(h.program.Path)
	if err != nil {
		h.t.Fatal(err)
	}
	c := exec.Command(h.args[0], append(h.args[1:], "exec sh -c '"+h.program.script("token", "id.w1.1", cleanup{}, "--far")+"'")...)
	c.Env = h.env
	var stderr bytes.Buffer
	c.Stdin, c.Stderr = bytes.NewReader(sent), &stderr
	text, _ := c.Output()
	if stderr.Len() > 0 {
		h.t.Errorf("it says: %s", stderr.Bytes())
	}
	return string(text)
}

// TestScriptStandsInQuotes checks what single quotes and every login shell ask of the script.
func TestScriptStandsInQuotes(t *testing.T) {
	p := Program{Identity: "v1.2", Sum: strings.Repeat("0", 64), Size: 1}
	text := p.script("token", "id.w1.1", cleanup{run: "run", scancel: true}, "--clean", "run")
	if strings.ContainsAny(text, "'!\n") || strings.Contains(text, "# ") {
		t.Errorf("%s", text)
	}
	if got, want := quoted("a\"b$c`d\\e'f!g\nh"), "\"a\\\"b\\$c\\`d\\\\e_f_g_h\""; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestScriptCleans checks what the shell does when its worker fails.
func TestScriptCleans(t *testing.T) {
	for _, tt := range []struct {
		status string
		after  cleanup
		want   string
	}{
		{"0", cleanup{run: "RUN", scancel: true}, ""},
		{"3", cleanup{run: "RUN"}, "clean RUN\n"},
		{"3", cleanup{run: "RUN", scancel: true}, "clean RUN\nscancel 17\n"},
	} {
		h := newHost(t, "sh")
		for name, text := range map[string]string{
			"fanout":  "case $2 in --identity) echo the same;; --clean) echo clean $3 >&2;; *) exit " + tt.status + ";; esac",
			"scancel": "echo scancel $1 >" + filepath.Join(h.dir, "cancelled"),
		} {
			if err := os.WriteFile(filepath.Join(h.dir, "bin", name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command("sh", "-c", h.program.script("token", "id.w1.1", tt.after, "--far"))
		c.Env = append(h.env, "SLURM_JOB_ID=17")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		out, _ := c.Output()
		cancelled, _ := os.ReadFile(filepath.Join(h.dir, "cancelled"))
		if got := stderr.String() + string(cancelled); got != tt.want || string(out) != "token run\n" || fmt.Sprint(c.ProcessState.ExitCode()) != tt.status {
			t.Errorf("%+v: %q, want %q; out %q; status %d", tt, got, tt.want, out, c.ProcessState.ExitCode())
		}
	}
}

func (h *host) kept() string {
	return filepath.Join(h.dir, "tmp", fmt.Sprintf("fanout-worker-%d", os.Getuid()))
}

// TestScript turns login shells into workers: the first time by a copy, then by the one that is kept.
func TestScript(t *testing.T) {
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			h := newHost(t, shell)
			out := h.run()
			if !strings.Contains(out, "token need ") || !strings.Contains(out, "token send "+h.kept()) || !strings.HasSuffix(out, "token run\nworker worker --far of id.w1.1\n") {
				t.Fatalf("the first time: %q", out)
			}
			if out := h.run(); out != "token run\nworker worker --far of id.w1.1\n" {
				t.Errorf("the second time: %q", out)
			}
			info, err := os.Stat(h.kept())
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// TestScriptInstalled uses an installed fanout, if it is the same.
func TestScriptInstalled(t *testing.T) {
	h := newHost(t, "sh")
	for name, want := range map[string]string{
		"the same": "token run\ninstalled --far\n",
		"another":  "token need",
	} {
		text := fmt.Sprintf("#!/bin/sh\n[ \"$2\" = --identity ] && echo %s && exit\necho installed $2\n", name)
		if err := os.WriteFile(filepath.Join(h.dir, "bin/fanout"), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if out := h.run(); !strings.HasPrefix(out, want) {
			t.Errorf("with %s: %q", name, out)
		}
	}
}

// TestScriptTraps finds what others have put there before.
func TestScriptTraps(t *testing.T) {
	for name, trap := range map[string]func(*host) error{
		"a link":      func(h *host) error { return os.Symlink(h.dir, h.kept()) },
		"open to all": func(h *host) error { os.Mkdir(h.kept(), 0o777); return os.Chmod(h.kept(), 0o777) },
		"a file":      func(h *host) error { return os.WriteFile(h.kept(), nil, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, "sh")
			// What would be run if the trap were not seen.
			if err := trap(h); err != nil {
				t.Fatal(err)
			}
			h.program.Sum = fmt.Sprintf("%x", sha256.Sum256([]byte(t.Name()))) // so that no directory has it
			if out := h.run(); strings.Contains(out, "send "+h.kept()) || strings.Contains(out, "run") {
				t.Errorf("%q", out)
			}
		})
	}
	t.Run("damaged since", func(t *testing.T) {
		h := newHost(t, "sh")
		h.run()
		copies, _ := filepath.Glob(filepath.Join(h.kept(), "*", "fanout"))
		if len(copies) != 1 {
			t.Fatalf("%v are kept", copies)
		}
		if err := os.WriteFile(copies[0], []byte("\x7fELF and no more"), 0o700); err != nil {
			t.Fatal(err)
		}
		if out := h.run(); !strings.Contains(out, "token send ") || !strings.HasSuffix(out, "token run\nworker worker --far of id.w1.1\n") {
			t.Errorf("%q", out)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		h := newHost(t, "sh")
		h.program.Sum = strings.Repeat("0", 64)
		out := h.run()
		if !strings.Contains(out, "token bad ") || strings.Contains(out, "token run") {
			t.Errorf("%q", out)
		}
		left, _ := filepath.Glob(filepath.Join(h.kept(), "*"))
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
