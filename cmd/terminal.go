package cmd

import (
	"os"
	"strings"

	"fanout/internal/progress"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// display is what a file that people read can show.
type display struct {
	terminal bool // it can move its cursor
	ci       bool // it is the log of a job in CI
	color    bool
	ascii    bool // nothing but ASCII
}

// lookAt finds out what a file can show, as no-color.org and bixense.com/clicolors describe.
func lookAt(f *os.File) display {
	set := func(name string) bool { v := os.Getenv(name); return v != "" && v != "0" && v != "false" }
	s := display{ci: set("CI") || set("GITHUB_ACTIONS")}
	s.terminal = sysio.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	s.color = (s.terminal || set("CLICOLOR_FORCE")) && os.Getenv("NO_COLOR") == ""
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			s.ascii = !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
			return s
		}
	}
	s.ascii = true
	return s
}

// inActions reports whether messages go to the log of GitHub Actions.
func inActions() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// mode returns the best way to show progress; wanted is true if the user asks for bars.
func (s display) mode(wanted bool) progress.Mode {
	switch {
	case s.terminal && (wanted || !s.ci):
		return progress.Bars
	case s.ci:
		return progress.Plain
	default:
		return progress.Late
	}
}

// columns returns the width of a terminal, or other if the file is not one.
func columns(f *os.File, other int) int {
	ws, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || ws.Col == 0 {
		return other
	}
	return int(ws.Col)
}
