package template

import (
	"errors"
	"fmt"
	"strings"

	"fanout/internal/job"
	"fanout/internal/template/words"
)

// command returns the text for -c of a job whose item is the command.
func command(j job.Job) (string, error) {
	line := j.Label()
	if strings.IndexByte(line, 0) >= 0 {
		return "", errors.New("a command cannot hold a NUL byte; -0 is for commands that end with NULs")
	}
	if strings.HasPrefix(line, "-") || strings.HasPrefix(line, "+") {
		line = " " + line // else the shell would take it for options
	}
	return line, nil
}

// Fits refuses arguments of a job that the system would refuse.
func (t *Template) Fits(l Limits, argv []string, j job.Job) error {
	if !t.spec.Commands {
		return l.Check(argv, j)
	}
	line, _ := command(j)
	if l.Arg > 0 && len(line)+1 > l.Arg {
		return fmt.Errorf("the command is %d bytes long, and the system allows %d; %s", len(line), l.Arg-1, inFile)
	}
	if l.Check(argv, j) != nil {
		return t.TooLong(j)
	}
	return nil
}

// TooLong is why a job was not run whose arguments the system has refused.
func (t *Template) TooLong(j job.Job) error {
	if t.spec.Commands {
		return errors.New("the command and the environment are longer than the system allows; " + inFile)
	}
	return fmt.Errorf("item %q: the arguments are longer than the system allows; pass items on standard input with --pipe", words.Clip(j.Label()))
}

// inFile is how a command of any length is run.
const inFile = "write it to a file, and let a shorter command run that file"
