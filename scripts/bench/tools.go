package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sources are embedded so that the bench can be run from any directory, with -fanout.
//
//go:embed c/floor.c c/nothing.c
var sources embed.FS

// tool is one program that takes part: where it is and what it calls itself.
type tool struct {
	path    string
	version string
}

// peer is a rival that is used when it is installed. Programs of other duties bear some of these names too, so each
// must say whose it is.
type peer struct {
	name      string
	probe     []string
	signature string
}

var peers = []peer{
	{"xargs", []string{"--version"}, "xargs"},
	{"parallel", []string{"--version"}, "GNU parallel"},
	{"xe", nil, ""},
	{"rush", []string{"--version"}, "rush v"},
}

// findTools builds fanout and the two C programs into bin and looks for the peers. Only fanout is a must.
func findTools(ctx context.Context, bin, fanout string) (map[string]tool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := os.Mkdir(bin, 0o755); err != nil {
		return nil, err
	}
	tools := map[string]tool{}
	path, err := findFanout(ctx, bin, fanout)
	if err != nil {
		return nil, err
	}
	tools["fanout"] = tool{path: path}
	for _, p := range peers {
		if t, ok := p.find(ctx); ok {
			tools[p.name] = t
		}
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		return tools, nil
	}
	for _, name := range []string{"floor", "nothing"} {
		path, err := compile(ctx, cc, bin, name)
		if err != nil {
			return nil, err
		}
		tools[name] = tool{path: path}
	}
	return tools, nil
}

func findFanout(ctx context.Context, bin, given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("finding fanout: %w", err)
		}
		return filepath.Abs(path)
	}
	path := filepath.Join(bin, "fanout")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building fanout: %w\n%s", err, out)
	}
	return path, nil
}

func (p peer) find(ctx context.Context) (tool, bool) {
	path, err := exec.LookPath(p.name)
	if err != nil {
		return tool{}, false
	}
	if p.probe == nil {
		return tool{path: path, version: p.name}, true
	}
	out, err := exec.CommandContext(ctx, path, p.probe...).Output()
	first, _, _ := strings.Cut(string(out), "\n")
	if err != nil || !strings.HasPrefix(first, p.signature) {
		return tool{}, false
	}
	return tool{path: path, version: first}, true
}

// compile tries the leanest build first: a machine may have a compiler and no static libc.
func compile(ctx context.Context, cc, bin, name string) (string, error) {
	source, err := sources.ReadFile("c/" + name + ".c")
	if err != nil {
		return "", err
	}
	attempts := [][]string{nil}
	if name == "nothing" {
		attempts = [][]string{{"-static", "-nostdlib"}, {"-static", "-DHOSTED"}, {"-DHOSTED"}}
	}
	path := filepath.Join(bin, name)
	var out []byte
	for _, extra := range attempts {
		args := append([]string{"-O2", "-x", "c", "-o", path}, extra...)
		build := exec.CommandContext(ctx, cc, append(args, "-")...)
		build.Stdin = bytes.NewReader(source)
		if out, err = build.CombinedOutput(); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("compiling %s.c: %w\n%s", name, err, out)
}
