// Picture runs fanout in a terminal and writes what it shows in the middle of the run as an SVG:
// go run ./scripts/picture docs/progress.svg. It needs tmux.
package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	columns, rows = 92, 19
	charWidth     = 8.4 // of a character at 14 px
	lineHeight    = 18
	margin        = 16
)

// session is the command that is typed: it converts pictures, which takes time, and a few fail.
const session = `fanout -j8 -t 3 --tag ./shrink ::: photos/*.jpg`

// shrink stands in for a program that makes pictures smaller.
const shrink = `#!/bin/bash
n=${1//[^0-9]/}
sleep $(( (n * 7 % 13) / 6 )).$(( n * 3 % 10 ))
[ $((n % 17)) = 0 ] && { echo "$1: broken"; exit 1; }
echo "$((n * 37 % 900 + 100)) KB smaller"
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: picture FILE.svg")
		os.Exit(2)
	}
	if err := take(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func take(name string) error {
	dir, err := os.MkdirTemp("", "fanout-picture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := prepare(dir); err != nil {
		return err
	}
	tmux := func(args ...string) (string, error) {
		c := exec.Command("tmux", append([]string{"-S", filepath.Join(dir, "socket")}, args...)...)
		c.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "XDG_RUNTIME_DIR="+dir)
		out, err := c.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
		}
		return string(out), err
	}
	_, err = tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "-c", dir,
		"bash --norc --noprofile")
	if err != nil {
		return err
	}
	defer tmux("kill-server")
	for _, typed := range []string{"PS1='$ '; clear", session} {
		time.Sleep(300 * time.Millisecond)
		if _, err := tmux("send-keys", "-l", typed); err != nil {
			return err
		}
		if _, err := tmux("send-keys", "Enter"); err != nil {
			return err
		}
	}
	time.Sleep(5500 * time.Millisecond)
	seen, err := tmux("capture-pane", "-p", "-e")
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(svg(strings.Split(strings.TrimRight(seen, "\n"), "\n"))), 0o644)
}

// prepare builds fanout and makes the photos.
func prepare(dir string) error {
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "fanout"), ".").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	errs := []error{os.Mkdir(filepath.Join(dir, "photos"), 0o755), os.WriteFile(filepath.Join(dir, "shrink"), []byte(shrink), 0o755)}
	for n := 1001; n <= 1100; n++ {
		errs = append(errs, os.WriteFile(filepath.Join(dir, "photos", fmt.Sprintf("IMG_%d.jpg", n)), nil, 0o644))
	}
	return errors.Join(errs...)
}

// color matches the sequences that set a color. Only red is used.
var color = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// svg draws lines of a terminal.
func svg(lines []string) string {
	var b strings.Builder
	width, height := columns*charWidth+2*margin, rows*lineHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="14">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="#1b1f24"/>`+"\n")
	for i, line := range lines {
		fill, x := "#d7dde3", 0
		y := margin + (i+1)*lineHeight - 5
		for line != "" {
			at := color.FindStringSubmatchIndex(line)
			text := line
			if at != nil {
				text = line[:at[0]]
			}
			if strings.TrimSpace(text) != "" {
				fmt.Fprintf(&b, `<text xml:space="preserve" x="%.1f" y="%d" fill="%s" textLength="%.1f" lengthAdjust="spacingAndGlyphs">`,
					margin+float64(x)*charWidth, y, fill, float64(len([]rune(text)))*charWidth)
				xml.EscapeText(&b, []byte(text)) // a Builder does not fail
				b.WriteString("</text>\n")
			}
			x += len([]rune(text))
			if at == nil {
				break
			}
			fill = "#d7dde3"
			if line[at[2]:at[3]] == "31" {
				fill = "#ff7b72"
			}
			line = line[at[1]:]
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}
