// Licenses writes the licences of everything that is linked into fanout, Go's own included, into one file:
//
//	go run ./scripts/licenses build/THIRD_PARTY_LICENSES
//
// It fails when a linked module has no licence file. The same go.mod gives the same bytes.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: licenses FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

// platforms are those that .goreleaser.yaml builds for: some modules are linked on some of them only.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}

func run(path string) error {
	all := []module{{Path: "Go's standard library"}}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	all[0].Dir = strings.TrimSpace(string(out))
	linked := map[string]module{}
	for _, platform := range platforms {
		if err := list(platform, linked); err != nil {
			return err
		}
	}
	for _, m := range linked {
		all = append(all, m)
	}
	var text bytes.Buffer
	if err := write(&text, all); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o666)
}

// module is what go list says of a module, and the directories in which it may have licences.
type module struct {
	Path, Version, Dir string
	Main               bool

	packages []string // directories of the packages that are linked
}

// list adds the modules that are linked into fanout on a platform.
func list(platform string, linked map[string]module) error {
	goos, goarch, _ := strings.Cut(platform, "/")
	c := exec.Command("go", "list", "-deps", "-json=Dir,Module", ".")
	c.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("go list for %s: %w", platform, err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir    string
			Module *module
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		m, known := linked[p.Module.Path]
		if !known {
			m = *p.Module
		}
		m.packages = append(m.packages, p.Dir)
		linked[m.Path] = m
	}
}

// legal matches the names of files that a distribution has to contain.
var legal = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^copyright|^notice|^patents`)

// write writes a section for each module, in the order of their paths. Go's own, which has no version, comes first.
func write(w io.Writer, all []module) error {
	slices.SortFunc(all, func(a, b module) int {
		return cmp.Or(min(1, len(a.Version))-min(1, len(b.Version)), cmp.Compare(a.Path, b.Path))
	})
	fmt.Fprintf(w, "fanout is linked with the following. Each section has the files that come with it.\n")
	for _, m := range all {
		files, err := m.files()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\n%s\n%s\n", strings.Repeat("=", 80), strings.TrimSpace(m.Path+" "+m.Version))
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(m.Dir, file))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "\n--- %s\n\n%s\n", filepath.ToSlash(file), bytes.TrimRight(text, "\n"))
		}
	}
	return nil
}

// files returns the licence files of a module: those of its root, and of the directories between that and the packages
// that are linked, which may hold code of others.
func (m module) files() ([]string, error) {
	dirs := map[string]bool{".": true}
	for _, dir := range m.packages {
		at, err := filepath.Rel(m.Dir, dir)
		if err != nil {
			return nil, err
		}
		for ; at != "."; at = filepath.Dir(at) {
			dirs[at] = true
		}
	}
	var found []string
	for dir := range dirs {
		entries, err := os.ReadDir(filepath.Join(m.Dir, dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && legal.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	if !slices.ContainsFunc(found, isLicence) {
		return nil, fmt.Errorf("%s %s: there is no licence in %s", m.Path, m.Version, m.Dir)
	}
	slices.Sort(found)
	return found, nil
}

// isLicence reports whether a file at the root of a module is more than a notice beside a licence.
func isLicence(file string) bool {
	name := strings.ToLower(file)
	return filepath.Dir(file) == "." && !strings.HasPrefix(name, "notice") && !strings.HasPrefix(name, "patents")
}
