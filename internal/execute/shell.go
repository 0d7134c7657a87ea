package execute

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fanout/internal/process"
	"fanout/internal/text"
)

// FindShell finds the shell that the user has named, with its options, on this machine. Without a name it is bash, else
// sh. A path that is not absolute begins in dir, where "" is our own.
func FindShell(words []string, dir string) ([]string, error) {
	path := process.SearchPath()
	if len(words) == 0 {
		for _, name := range []string{"bash", "sh"} {
			if found, err := process.LookPath(name, path, ""); err == nil {
				return []string{found}, nil
			}
		}
		return []string{"/bin/sh"}, nil
	}
	found, err := process.LookPath(words[0], path, dir)
	if err != nil {
		return nil, fmt.Errorf("--shell %s: %w", text.Name(words[0]), err)
	}
	if !filepath.IsAbs(found) && dir != "" {
		found = filepath.Join(dir, found)
	}
	if found, err = filepath.Abs(found); err != nil {
		return nil, err
	}
	return append([]string{found}, words[1:]...), nil
}

// ShellError says that a shell does not run scripts with their items.
type ShellError struct {
	Shell []string
	Why   string
}

func (e *ShellError) Error() string {
	return fmt.Sprintf("--shell %s: %s; use bash, dash, ksh, zsh or 'busybox sh', or run a script of this shell as a program: fanout ./script {}",
		strings.Join(e.Shell, " "), e.Why)
}

// knownShells take their arguments as POSIX says. knownFolders are where the system keeps its programs.
var (
	knownShells  = []string{"ash", "bash", "dash", "ksh", "ksh93", "mksh", "sh", "yash", "zsh"}
	knownFolders = []string{"/bin", "/usr/bin", "/usr/local/bin"}
)

// The trial of a shell: the script and its arguments, and what the shell must print.
const (
	trialScript = `__fanout_1=${2}; shift 1; echo "${__fanout_1}" '$1' "$@"`
	trialFirst  = `it's "1"`
	trialSecond = `$(2) *;`
	trialAnswer = trialSecond + " $1 " + trialSecond + " 3"
)

// trialTime is how long a shell may take for its trial.
const trialTime = 20 * time.Second

// TryShell finds out by one process whether the shell that the user has named takes a script and its arguments as a
// POSIX shell does: csh, fish and others do not, and would run jobs without their items. It costs as much as the shell
// takes to start, and nothing for the well-known ones.
func TryShell(ctx context.Context, spec Spec, sup *process.Supervisor) error {
	shell := spec.Shell
	if len(shell) == 1 && slices.Contains(knownShells, filepath.Base(shell[0])) && slices.Contains(knownFolders, filepath.Dir(shell[0])) {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	jobID := spec.RunID + ".s"
	var errs clipped
	p, err := sup.StartProgram(process.Command{
		Path: shell[0],
		Argv: append(slices.Clone(shell), "-c", trialScript, filepath.Base(shell[0]), trialFirst, trialSecond, "3"),
		Env:  Environ(newEnvironment(spec).base, spec.RunID, jobID),
		Dir:  spec.Dir, Session: true,
	}, jobID, &errs)
	if err != nil {
		return fmt.Errorf("--shell %w", StartError(shell[0], err))
	}
	defer context.AfterFunc(within, p.Kill)()
	p.Stdin.Close()
	var out clipped
	_, err = io.Copy(&out, p.Stdout)
	p.Stdout.Close()
	result := p.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case within.Err() != nil:
		return &ShellError{shell, fmt.Sprintf("it did not finish a trial script within %v", trialTime)}
	case err == nil && result.Failure() == nil && bytes.HasSuffix(bytes.TrimRight(out.b, "\n"), []byte(trialAnswer)):
		return nil
	}
	why := "it does not take -c TEXT NAME ARGUMENT... as sh does, so jobs would run without their items"
	if said := bytes.TrimSpace(errs.b); len(said) > 0 {
		line, _, _ := bytes.Cut(said, []byte("\n"))
		why += fmt.Sprintf(" (it says %q)", text.Clip(string(line), quotedMost))
	}
	return &ShellError{shell, why}
}

// clipped keeps the end of what is written to it.
type clipped struct{ b []byte }

func (c *clipped) Write(p []byte) (int, error) {
	const most = 4096
	c.b = append(c.b, p...)
	c.b = c.b[max(0, len(c.b)-most):]
	return len(p), nil
}
