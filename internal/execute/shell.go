package execute

import (
	"fmt"
	"path/filepath"

	"fanout/internal/process"
)

// FindShell finds the shell that the user has named, with its options, on this machine.
// Without a name it is bash, else sh. A path that is not absolute begins in dir, where "" is
// our own.
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
		return nil, fmt.Errorf("--shell %s: %w", words[0], err)
	}
	if !filepath.IsAbs(found) && dir != "" {
		found = filepath.Join(dir, found)
	}
	if found, err = filepath.Abs(found); err != nil {
		return nil, err
	}
	return append([]string{found}, words[1:]...), nil
}
