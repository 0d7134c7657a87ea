package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	beginMarker = "<!-- table:begin -->"
	endMarker   = "<!-- table:end -->"
	newPage     = "# Benchmarks\n\nWritten by `make bench`.\n\n" + beginMarker + "\n" + endMarker + "\n"
)

// updateFile replaces what stands between the markers of the page and leaves the prose around them alone. The page
// is replaced as a whole, so an interrupted write loses nothing.
func updateFile(path, report string) error {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte(newPage), os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err != nil {
		return err
	}
	page, err := between(string(old), report)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(page), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

func between(page, report string) (string, error) {
	head, rest, begins := strings.Cut(page, beginMarker)
	_, foot, ends := strings.Cut(rest, endMarker)
	if !begins || !ends {
		return "", fmt.Errorf("no %s … %s in it", beginMarker, endMarker)
	}
	return head + beginMarker + "\n" + report + endMarker + foot, nil
}
