package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fanout/internal/collect"
	"fanout/internal/plan"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// openOut opens the file for standard output. It keeps what an earlier run has printed there if this run resumes that
// one; otherwise the function that it returns empties the file, when nothing can prevent the run any more.
func (r *Run) openOut(ctx context.Context, again bool) (ready func() error, err error) {
	path := r.plan.Out
	if path == "" {
		return func() error { return nil }, nil
	}
	// For writing only: a process that also reads a named pipe never loses its reader.
	flags := os.O_WRONLY | os.O_CREATE
	if again {
		flags |= os.O_APPEND
	}
	if r.out, err = openOutput(ctx, path, flags); err != nil {
		return nil, outError(path, err)
	}
	st, err := r.out.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return func() error { return nil }, nil
	}
	if r.outLock, err = lock(path); err != nil {
		return nil, err
	}
	switch {
	case again:
		return func() error {
			torn, err := endLine(&r.plan, r.out, st.Size())
			if torn {
				r.notes = append(r.notes, fmt.Sprintf("-o %s: its last line is incomplete; it stays, and new output begins on the next line", text.Name(path)))
			}
			return err
		}, nil
	default:
		return func() error { return r.out.Truncate(0) }, nil
	}
}

// lock keeps other runs from writing to the same file at the same time, each over what the other has written. The lock
// is on a description of its own, which jobs do not get.
func lock(path string) (*os.File, error) {
	lock, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, outError(path, err)
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK {
		lock.Close()
		return nil, fmt.Errorf("-o %s: another run writes to it; name another file, or wait for that run", text.Name(path))
	}
	return lock, nil // where the file system has no locks, it does nothing
}

// outError says why the file of -o cannot be opened. Another error, such as a stop, stays as it is.
func outError(path string, err error) error {
	var failed *os.PathError
	if !errors.As(err, &failed) {
		return err
	}
	return fmt.Errorf("-o %s: %w", text.Name(path), failed.Err)
}

// openOutput opens a file for writing. It waits for a reader of a named pipe, as a shell does, but no longer than ctx.
func openOutput(ctx context.Context, path string, flags int) (*os.File, error) {
	const often = 10 * time.Millisecond
	for {
		fd, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o666)
		switch {
		case err == nil:
			// Jobs may inherit it.
			if err := unix.SetNonblock(fd, false); err != nil {
				unix.Close(fd)
				return nil, &os.PathError{Op: "open", Path: path, Err: err}
			}
			return os.NewFile(uintptr(fd), path), nil
		case err == unix.ENXIO && isFIFO(path):
		case err != unix.EINTR:
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
		select {
		case <-time.After(often):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func isFIFO(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// endLine ends a last line that is torn since an earlier run was killed within it, where output is lines: otherwise the
// next line would continue it.
func endLine(p *plan.Plan, out *os.File, size int64) (torn bool, err error) {
	if size == 0 || !(p.Records.JSON || p.Collect.Tag || p.Collect.Mode == collect.Line) {
		return false, nil
	}
	f, err := os.Open(p.Out)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil && err != io.EOF || last[0] == '\n' {
		return false, err
	}
	_, err = out.WriteString("\n")
	return true, err
}

// apart refuses a file that has two uses in the run: what is written to it would be read as items, or overwritten.
func apart(p *plan.Plan, std IO) error {
	out, journal := p.Out, p.Journal.Path
	if p.DryRun {
		out = "" // a dry run does not touch it
	}
	refuse := func(name, what string) error {
		return &UsageError{fmt.Errorf("%s: it is also %s; name another file", name, what)}
	}
	outputs := map[string][]os.FileInfo{"where output goes": regular(std.Stderr.Stat)}
	if out != "" {
		outputs["that of -o"] = regular(func() (os.FileInfo, error) { return os.Stat(out) })
	} else {
		outputs["where output goes"] = append(outputs["where output goes"], regular(std.Stdout.Stat)...)
	}
	var inputs []os.FileInfo
	sources := p.Input.Sources
	if len(sources) == 0 {
		inputs = regular(std.Stdin.Stat)
	}
	for _, src := range sources {
		switch {
		case !src.IsFile:
		case src.Path == "-":
			inputs = append(inputs, regular(std.Stdin.Stat)...)
		default:
			inputs = append(inputs, regular(func() (os.FileInfo, error) { return os.Stat(src.Path) })...)
		}
	}
	if journal != "" {
		if out != "" && filepath.Clean(out) == filepath.Clean(journal) {
			return refuse("--journal "+text.Name(journal), "that of -o") // neither may exist yet
		}
		own := regular(func() (os.FileInfo, error) { return os.Stat(journal) })
		for what, files := range outputs {
			if share(own, files) {
				return refuse("--journal "+text.Name(journal), what)
			}
		}
		if share(own, inputs) {
			return refuse("--journal "+text.Name(journal), "an input")
		}
	}
	switch {
	case out != "" && share(outputs["that of -o"], inputs):
		return refuse("-o "+text.Name(out), "an input")
	case out == "" && share(regular(std.Stdout.Stat), inputs):
		return refuse("standard output", "an input")
	}
	return nil
}

// regular returns a file by its stat, if it is a regular one, in which bytes stay.
func regular(stat func() (os.FileInfo, error)) []os.FileInfo {
	st, err := stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil // the error comes when it is opened
	}
	return []os.FileInfo{st}
}

// share reports whether both lists have a file in common.
func share(some, others []os.FileInfo) bool {
	for _, one := range some {
		if slices.ContainsFunc(others, func(other os.FileInfo) bool { return os.SameFile(one, other) }) {
			return true
		}
	}
	return false
}
