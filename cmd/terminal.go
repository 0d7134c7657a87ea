package cmd

import (
	"os"
	"strings"

	"fanout/internal/progress"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// surroundings is where messages go to, and what that can show.
type surroundings struct {
	terminal bool // one that can move its cursor
	ci       bool
	color    bool
	ascii    bool
}

// lookAt finds them out, as no-color.org and bixense.com/clicolors ask for.
func lookAt(f *os.File) surroundings {
	set := func(name string) bool { v := os.Getenv(name); return v != "" && v != "0" && v != "false" }
	s := surroundings{ci: set("CI") || set("GITHUB_ACTIONS")}
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

// inActions says that messages go to the log of a step in GitHub Actions.
func inActions() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// mode is the best way to show progress there.
func (s surroundings) mode(wanted bool) progress.Mode {
	switch {
	case s.terminal && (wanted || !s.ci):
		return progress.Bars
	case s.ci:
		return progress.Plain
	default:
		return progress.Late
	}
}

// columns returns the width of a terminal, or another where the file is none.
func columns(f *os.File, other int) int {
	ws, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || ws.Col == 0 {
		return other
	}
	return int(ws.Col)
}
