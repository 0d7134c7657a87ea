// Package testkit has what the tests of several packages share. Only tests import it.
package testkit

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packages lists, for each package of Debian, the tools in it that a test, a script of testdata or an example of the
// docs calls. Git, make, Go, a shell and coreutils are not listed: without them no test runs.
var packages = map[string]string{
	"bsdutils":         "script",
	"busybox":          "busybox",
	"chromium":         "chromium",
	"csh":              "csh",
	"dash":             "dash",
	"diffutils":        "cmp diff",
	"findutils":        "find xargs",
	"fish":             "fish",
	"gawk":             "gawk",
	"gcc libc6-dev":    "cc",
	"grep":             "grep",
	"gzip":             "gzip",
	"iproute2":         "ip",
	"jq":               "jq",
	"ksh":              "ksh",
	"mawk":             "awk mawk",
	"mksh":             "mksh",
	"mount":            "mount",
	"munge":            "munged",
	"nodejs":           "node",
	"openssh-client":   "ssh",
	"openssh-server":   "sshd",
	"parallel":         "parallel",
	"perl":             "perl",
	"procps":           "pgrep pkill ps",
	"python3":          "python3",
	"qemu-user-static": "qemu-aarch64-static",
	"sed":              "sed",
	"slurm-client":     "srun",
	"slurmctld":        "slurmctld",
	"slurmd":           "slurmd",
	"strace":           "strace",
	"tar":              "tar",
	"tcsh":             "tcsh",
	"tmux":             "tmux",
	"util-linux":       "flock prlimit setpriv setsid su taskset unshare",
	"zsh":              "zsh",
}

// packageOf returns the package that brings a tool, "" for a tool that is not in the table.
func packageOf(tool string) string {
	for name, tools := range packages {
		if slices.Contains(strings.Fields(tools), tool) {
			return name
		}
	}
	return ""
}

// Needs skips the test where one of the tools is absent.
func Needs(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if !Has(tool) {
			t.Skip(Without(tool))
		}
	}
}

// Has reports whether the tool is here. Asking for one that the table does not have is a mistake in the test.
func Has(tool string) bool {
	if packageOf(tool) == "" {
		panic(tool + " is not in the table of internal/testkit: add it there, with the package that brings it")
	}
	_, err := exec.LookPath(tool)
	return err == nil
}

// Without returns the reason to skip a test where the tool is absent. scripts/test counts these.
func Without(tool string) string {
	return fmt.Sprintf("needs %s, which is absent: it is in Debian's %s", tool, packageOf(tool))
}

// word matches what may be the name of a command.
var word = regexp.MustCompile(`[\w./+-]+`)

// absent returns the tools that the text of a shell script names and that are not here. A tool that the script only
// mentions counts as well.
func absent(script string) (tools []string) {
	script = strings.ReplaceAll(script, "fanout ps", "") // not the tool ps
	for _, name := range word.FindAllString(script, -1) {
		if packageOf(name) != "" && !slices.Contains(tools, name) && !Has(name) {
			tools = append(tools, name)
		}
	}
	return tools
}

// NeedsOf skips the test where a tool is absent that the text of a shell script names.
func NeedsOf(t testing.TB, script string) {
	t.Helper()
	Needs(t, absent(script)...)
}

// Lacks reports whether a tool is absent that the text of a shell script names, and logs that a part of the test is
// left out.
func Lacks(t testing.TB, script string) bool {
	t.Helper()
	tools := absent(script)
	for _, tool := range tools {
		t.Log("a part of it", Without(tool))
	}
	return len(tools) > 0
}

// Slow skips a trial in the inner loop.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: make test runs it")
	}
}
