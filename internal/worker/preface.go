package worker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// version is the protocol's. It is raised with every change to a frame or to the order of frames.
const version = 2

// prefaceMagic begins the line that each side sends first. It shows what a side is connected to: a worker of another
// version, or something else altogether, such as a login shell's greeting.
const prefaceMagic = "fanout worker protocol "

func preface() string { return fmt.Sprintf("%s%d\n", prefaceMagic, version) }

// readPreface checks the other side's preface. Its errors say what to do.
func readPreface(r *bufio.Reader) error {
	const longest = 200
	var line []byte
	for len(line) < longest {
		c, err := r.ReadByte()
		if err != nil {
			if len(line) == 0 || !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		if c == '\n' {
			break
		}
		line = append(line, c)
	}
	theirs, ok := strings.CutPrefix(string(line), prefaceMagic)
	switch {
	case !ok:
		return fmt.Errorf("the other side is not a fanout of this version: it said %q", line)
	case theirs != fmt.Sprint(version):
		return fmt.Errorf("the other side speaks version %s of the worker protocol, this fanout version %d: install the same fanout on both", theirs, version)
	}
	return nil
}
