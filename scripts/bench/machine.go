package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// describeMachine is the paragraph without which the numbers mean nothing.
func describeMachine(ctx context.Context, tools map[string]tool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s: %s, %d cores, %s, Linux %s, %s.\n",
		time.Now().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), memorySize(), kernel(), goVersion(ctx))
	var there, missing []string
	for _, p := range peers {
		if t, ok := tools[p.name]; ok {
			there = append(there, t.version)
		} else {
			missing = append(missing, p.name)
		}
	}
	if _, ok := tools["floor"]; ok {
		there = append(there, "floor, a posix_spawn loop in C (scripts/bench/c/floor.c)")
	} else {
		missing = append(missing, "floor (no C compiler)")
	}
	fmt.Fprintf(&b, "Rivals: %s.", strings.Join(there, "; "))
	if len(missing) > 0 {
		fmt.Fprintf(&b, " Not installed: %s.", strings.Join(missing, ", "))
	}
	b.WriteString("\n")
	return b.String()
}

func cpuModel() string {
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		return model
	}
	return runtime.GOARCH
}

func memorySize() string {
	var kib float64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kib); err != nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%.0f GiB", kib/(1<<20))
}

func kernel() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "unknown"
	}
	release, _, _ := bytes.Cut(name.Release[:], []byte{0})
	return string(release)
}

// goVersion asks the go command, which built fanout, and not the one that this harness was built by.
func goVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return runtime.Version()
	}
	return strings.TrimSpace(string(out))
}

// field is the value of the first line "name: value" of a file in /proc.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
