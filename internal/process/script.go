package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultShell runs programs that are text without #!, as execvp(3) does.
const defaultShell = "/bin/sh"

// begin forks c. A program that the system does not know and that is text is run by a shell, so that scripts without #!
// work wherever programs are started.
func (t *Tree) begin(c *Command, group int, known func(child)) error {
	_, err := t.sup.fork(&t.spawner, c, group, known)
	if err == unix.ENOEXEC && isText(c.head()) {
		script := *c
		shell := c.Shell
		if len(shell) == 0 {
			shell = []string{defaultShell}
		}
		script.Path = shell[0]
		script.Argv = append(append(append([]string(nil), shell...), c.Path), c.Argv[1:]...)
		_, err = t.sup.fork(&t.spawner, &script, group, known)
	}
	if err == nil {
		return nil
	}
	return c.explain(err)
}

// head returns the first bytes of the program's file; nil when it cannot be read.
func (c *Command) head() []byte {
	f, err := os.Open(absolute(c.Path, c.Dir))
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 256) // all that the system reads of a line with #!
	n, _ := f.Read(head)
	return head[:n]
}

// isText follows bash: a file with a NUL in its first line is no script.
func isText(head []byte) bool {
	line, _, _ := bytes.Cut(head[:min(len(head), 80)], []byte("\n"))
	return head != nil && bytes.IndexByte(line, 0) < 0
}

// InterpreterError says that a program is there, and that what should run it is not.
type InterpreterError struct {
	Interpreter string // as the program names it; "" when it does not
	Err         error
}

func (e *InterpreterError) Error() string {
	switch {
	case e.Interpreter == "":
		return "the program is there, but its loader is not: it may be built for another system"
	case !errors.Is(e.Err, unix.ENOENT):
		return fmt.Sprintf("its interpreter %q: %v", e.Interpreter, e.Err)
	case strings.HasSuffix(e.Interpreter, "\r"):
		return fmt.Sprintf("its interpreter %q is not there: the file has CRLF line ends; remove them with tr -d '\\r'", e.Interpreter)
	default:
		return fmt.Sprintf("its interpreter %q is not there", e.Interpreter)
	}
}

func (e *InterpreterError) Unwrap() error { return e.Err }

// explain turns an error of a start into an InterpreterError when the program itself is not at fault.
func (c *Command) explain(err error) error {
	var errno syscall.Errno
	errors.As(err, &errno)
	switch errno {
	case unix.ENOENT, unix.EACCES, unix.EPERM, unix.ENOTDIR, unix.ELOOP, unix.ENOEXEC, unix.EISDIR:
	default:
		return err
	}
	head := c.head()
	var st unix.Stat_t
	if c.Dir != "" && unix.Stat(c.Dir, &st) != nil || head == nil {
		return err
	}
	rest, named := bytes.CutPrefix(head, []byte("#!"))
	if !named {
		if errno == unix.ENOENT {
			return &InterpreterError{Err: errno}
		}
		return err
	}
	rest = bytes.TrimLeft(rest, " \t")
	if end := bytes.IndexAny(rest, " \t\n\x00"); end >= 0 {
		rest = rest[:end]
	}
	if path := absolute(string(rest), c.Dir); len(rest) == 0 || unix.Stat(path, &st) == nil && unix.Access(path, unix.X_OK) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
		return err
	}
	return &InterpreterError{Interpreter: string(rest), Err: errno}
}
