package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Counter counts the items beside the reading.
type Counter struct {
	sources []counted
	spec    Spec
}

// counted is one source.
type counted struct {
	items int64    // the number of arguments
	file  *os.File // fanout's own description of a regular file; nil for arguments
	from  int64
	delim string

	commands func(values, bool) commands // not nil: items are commands
}

// Counter returns a Counter if all sources can be counted, which arguments and regular files of lines can;
// else nil. Call it before the items are read.
func (in *Input) Counter() *Counter {
	if in.spec.Format != Lines || in.spec.SkipEmpty {
		return nil
	}
	c := &Counter{spec: in.spec}
	for i, src := range in.sources {
		one := counted{items: in.argsOf(src)}
		if fl := in.files[i]; fl != nil {
			var err error
			if one, err = in.counted(fl); err != nil {
				c.Close()
				return nil
			}
		}
		if in.spec.Commands {
			one.commands = in.spec.commands
		}
		c.sources = append(c.sources, one)
	}
	return c
}

// argsOf returns how many items the arguments of a source are.
func (in *Input) argsOf(src Source) int64 {
	if !in.spec.Commands {
		return int64(len(src.Args))
	}
	all, _ := readAll(in.spec.commands(&args{left: src.Args}, false)) // arguments cannot fail
	return int64(len(all))
}

// counted prepares to count the items of a regular file of lines beside the reading.
func (in *Input) counted(fl *file) (counted, error) {
	one := counted{delim: in.spec.Delimiter}
	switch {
	case !fl.info.Mode().IsRegular(), fl.info.Size() == 0: // such as those in /proc
		return one, errUncountable
	case in.spec.Format != Lines, len(one.delim) != 1:
		return one, errUncountable
	}
	var err error
	if one.from, err = unix.Seek(fl.fd, 0, io.SeekCurrent); err != nil {
		return one, err
	}
	if in.begun != nil {
		one.from = fl.first
	}
	fd, err := unix.FcntlInt(uintptr(fl.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return one, err
	}
	one.file = os.NewFile(uintptr(fd), fl.name)
	return one, nil
}

var errUncountable = errors.New("its items cannot be counted")

// Close closes the Counter's descriptions of the files.
func (c *Counter) Close() {
	for _, s := range c.sources {
		if s.file != nil {
			s.file.Close()
		}
	}
}

// Count returns the number of items, unless it is not known or ctx ends first.
func (c *Counter) Count(ctx context.Context) (items int64, ok bool) {
	const most = 1 << 50
	for i, s := range c.sources {
		n := s.items
		if s.file != nil {
			if n, ok = s.count(ctx); !ok {
				return 0, false
			}
		}
		n = c.spec.unnamed(n)
		switch {
		case i == 0:
			items = n
		case c.spec.Link == Wrap:
			items = max(items, n)
		case c.spec.Link != Product:
			items = min(items, n)
		case n > 0 && items > most/n:
			return 0, false
		default:
			items *= n
		}
	}
	return items, true
}

// count reads the file from the place where its items begin. It does not move the position from which others
// read.
func (s *counted) count(ctx context.Context) (n int64, ok bool) {
	if s.commands != nil {
		return s.countCommands(ctx)
	}
	buf := make([]byte, 256<<10)
	last := byte(0)
	at := s.from
	for ctx.Err() == nil {
		got, err := s.file.ReadAt(buf, at)
		if got > 0 {
			n += int64(bytes.Count(buf[:got], []byte(s.delim)))
			last = buf[got-1]
			at += int64(got)
		}
		if err == io.EOF {
			if at > s.from && last != s.delim[0] {
				n++
			}
			return n, true
		}
		if err != nil {
			return 0, false
		}
	}
	return 0, false
}

// countCommands is count where items are commands.
func (s *counted) countCommands(ctx context.Context) (n int64, ok bool) {
	all := s.commands(newLines(io.NewSectionReader(s.file, s.from, math.MaxInt64-s.from), s.delim), true)
	for ; ctx.Err() == nil; n++ {
		if _, err := all.next(); err != nil {
			return n, err == io.EOF
		}
	}
	return 0, false
}
