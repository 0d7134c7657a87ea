package remote

import (
	_ "embed" // of the script
	"strconv"
	"strings"
)

// bootstrap is the shell script that becomes a worker on a host.
//
//go:embed bootstrap.sh
var bootstrap string

// Program is this fanout, as hosts need it.
type Program struct {
	Path     string
	Identity string // what a fanout that does the same says to fanout worker --identity
	Sum      string // SHA-256, in hexadecimal digits
	Size     int64
}

// cleanup is what the script's shell does when its worker has failed. It is for backends that may kill a worker
// together with its guardian and leave its shell.
type cleanup struct {
	run     string // the run whose leftovers it ends; "": the worker replaces the shell
	scancel bool   // it gives the allocation of Slurm back, too
}

// script returns what a shell on a host runs to become a fanout worker with these arguments.
func (p Program) script(token, jobID string, after cleanup, args ...string) string {
	scancel := ""
	if after.scancel {
		scancel = "yes"
	}
	var b strings.Builder
	for _, v := range [][2]string{
		{"token", token}, {"job_id", jobID}, {"identity", p.Identity}, {"sum", p.Sum}, {"size", strconv.FormatInt(p.Size, 10)},
		{"clean_run", after.run}, {"scancel", scancel},
	} {
		b.WriteString(v[0] + "=" + quoted(v[1]) + "; ")
	}
	b.WriteString("set --")
	for _, arg := range args {
		b.WriteString(" " + quoted(arg))
	}
	b.WriteString("; " + oneLine(bootstrap))
	return b.String()
}

// quoted returns a word for the script, which is sent in single quotes: so it stands in double ones. Values of ours
// have neither single quotes nor exclamation marks; these become underscores, so that none ever ends the script's
// quotes.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`", `'`, `_`, `!`, `_`, "\n", `_`).Replace(s) + `"`
}

// oneLine returns a script without its comments, in one line. A line of it is a whole command, or ends with a word
// after which the command goes on.
func oneLine(script string) string {
	var b strings.Builder
	between := ""
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		b.WriteString(between + line)
		between = "; "
		for _, open := range []string{"{", "do", "then", "else"} {
			if line == open || strings.HasSuffix(line, " "+open) {
				between = " "
			}
		}
	}
	return b.String()
}
