package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fanout/internal/collect"
	"fanout/internal/text"

	"golang.org/x/sys/unix"
)

// openOut opens the file for standard output. What an earlier run has printed to it is kept if
// this run goes on with that, and else emptied by the function that is returned, once nothing
// can keep the run from coming about.
func (r *Run) openOut(ctx context.Context, again bool) (ready func() error, err error) {
	path := r.plan.Out
	if path == "" {
		return func() error { return nil }, nil
	}
	// For writing only: who reads a named pipe as well never loses its reader.
	flags := os.O_WRONLY | os.O_CREATE
	if again {
		flags |= os.O_APPEND
	}
	if r.out, err = openOutput(ctx, path, flags); err != nil {
		return nil, err
	}
	st, err := r.out.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return func() error { return nil }, nil
	}
	if err := r.lockOut(); err != nil {
		return nil, err
	}
	switch {
	case again:
		return func() error { return r.endLine(st.Size()) }, nil
	default:
		return func() error { return r.out.Truncate(0) }, nil
	}
}

// lockOut keeps other runs from writing to the same file at the same time, each over what the other
// has written. The lock is on a description of its own, which jobs do not get.
func (r *Run) lockOut() error {
	lock, err := os.OpenFile(r.plan.Out, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK {
		lock.Close()
		return fmt.Errorf("-o %s: another run writes to it: name another file, or wait for that one", text.Name(r.plan.Out))
	}
	r.outLock = lock // where there are no locks, it is none
	return nil
}

// openOutput opens a file to write to. A named pipe is waited for until somebody reads it, as
// a shell waits, but not longer than ctx.
func openOutput(ctx context.Context, path string, flags int) (*os.File, error) {
	const often = 10 * time.Millisecond
	for {
		fd, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o666)
		switch {
		case err == nil:
			// Jobs may get it as it is.
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

// endLine ends a last line that an earlier run was killed within, where lines are what is
// printed: else it and the next would become one.
func (r *Run) endLine(size int64) error {
	spec := r.plan.Collect
	if size == 0 || !(r.plan.Records.JSON || spec.Tag || spec.Mode == collect.Line) {
		return nil
	}
	f, err := os.Open(r.plan.Out)
	if err != nil {
		return err
	}
	defer f.Close()
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil && err != io.EOF || last[0] == '\n' {
		return err
	}
	r.notes = append(r.notes, fmt.Sprintf("-o %s: its last line was torn; it stays, and the next begins behind it", text.Name(r.plan.Out)))
	_, err = r.out.WriteString("\n")
	return err
}

// apart refuses a file that is more than one thing of the run: what is written to it would be
// read as items, or be written over.
func (r *Run) apart() error {
	out, journal := r.plan.Out, r.plan.Journal.Path
	if r.plan.DryRun {
		out = "" // it is let be
	}
	refuse := func(name, what string) error {
		return &UsageError{fmt.Errorf("%s: it is also %s: name another file", name, what)}
	}
	outputs := map[string][]os.FileInfo{"where output goes": regular(r.io.Stderr.Stat)}
	if out != "" {
		outputs["that of -o"] = regular(func() (os.FileInfo, error) { return os.Stat(out) })
	} else {
		outputs["where output goes"] = append(outputs["where output goes"], regular(r.io.Stdout.Stat)...)
	}
	var inputs []os.FileInfo
	sources := r.plan.Input.Sources
	if len(sources) == 0 {
		inputs = regular(r.io.Stdin.Stat)
	}
	for _, src := range sources {
		switch {
		case !src.IsFile:
		case src.Path == "-":
			inputs = append(inputs, regular(r.io.Stdin.Stat)...)
		default:
			inputs = append(inputs, regular(func() (os.FileInfo, error) { return os.Stat(src.Path) })...)
		}
	}
	if journal != "" {
		if out != "" && filepath.Clean(out) == filepath.Clean(journal) {
			return refuse("--journal "+text.Name(journal), "that of -o") // neither may be there yet
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
	case out == "" && share(regular(r.io.Stdout.Stat), inputs):
		return refuse("standard output", "an input")
	}
	return nil
}

// regular is the file of which that tells, if it is one in which bytes stay.
func regular(stat func() (os.FileInfo, error)) []os.FileInfo {
	st, err := stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil // the opening of it says what is wrong
	}
	return []os.FileInfo{st}
}

// share says whether a file is among both.
func share(some, others []os.FileInfo) bool {
	for _, one := range some {
		if slices.ContainsFunc(others, func(other os.FileInfo) bool { return os.SameFile(one, other) }) {
			return true
		}
	}
	return false
}
