package testkit

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Processes returns the PIDs of all processes, zombies too.
func Processes() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// CommandLine returns the words of a process's command line, each with a NUL after it. A zombie has none.
func CommandLine(pid int) string { return read(pid, "cmdline") }

// Environ returns the environment that a process was started with. A zombie has none.
func Environ(pid int) []string { return strings.Split(read(pid, "environ"), "\x00") }

func read(pid int, file string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	return string(text)
}

// Bearing returns the processes with this entry in their environment.
func Bearing(entry string) []int {
	return processes(func(pid int) bool { return slices.Contains(Environ(pid), entry) })
}

// Running returns the processes with this command line, the program as it was called.
func Running(words ...string) []int {
	want := strings.Join(words, "\x00") + "\x00"
	return processes(func(pid int) bool { return CommandLine(pid) == want })
}

func processes(is func(pid int) bool) []int {
	return slices.DeleteFunc(Processes(), func(pid int) bool { return !is(pid) })
}

// Describe returns a line for each process, with its command.
func Describe(pids []int) string {
	var b strings.Builder
	for _, pid := range pids {
		fmt.Fprintf(&b, "\n%d: %s", pid, strings.ReplaceAll(CommandLine(pid), "\x00", " "))
	}
	return b.String()
}
