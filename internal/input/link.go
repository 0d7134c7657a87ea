package input

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"fanout/internal/text"
)

// Link says how several sources are combined.
type Link uint8

// Product combines all values with all others, and the first source is the slowest. The others pair the nth values of
// all sources.
const (
	Product  Link = iota
	Equal         // sources of different sizes are an error
	Shortest      // the first source that ends is the end of all
	Wrap          // a source that has ended begins again, until all have ended
)

// LinkError says that sources cannot be paired.
type LinkError struct {
	Text  string
	Early bool // no item was read before
}

func (e *LinkError) Error() string { return e.Text }

const linkHint = "; --link=shortest stops with the first that ends, --link=wrap begins short ones again"

// pairing is what is known of the sources to pair.
type pairing struct {
	link  Link
	names []string // of the sources
}

// pairing names the sources for messages.
func (in *Input) pairing() pairing {
	p := pairing{link: in.spec.Link}
	for i, fl := range in.files {
		name := fmt.Sprintf("source %d", i+1)
		if fl != nil && !fl.own {
			name += " (standard input)"
		} else if fl != nil {
			name += fmt.Sprintf(" (%q)", fl.name)
		}
		p.names = append(p.names, name)
	}
	return p
}

// check refuses sizes that cannot be paired, as far as they are known; -1 is an unknown size.
func (p pairing) check(sizes []int64) error {
	most, least := int64(-1), int64(-1)
	var parts []string
	for i, n := range sizes {
		if n < 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s has %s", p.names[i], text.Plural(n, "item", "items")))
		if most = max(most, n); least < 0 || n < least {
			least = n
		}
	}
	switch all := strings.Join(parts, ", "); {
	case p.link == Equal && least < most:
		return &LinkError{Text: "--link: " + all + linkHint, Early: true}
	case p.link == Wrap && least == 0 && most > 0:
		return emptyWrap(all)
	}
	return nil
}

// emptyWrap is the error of a source without items that would have to begin again.
func emptyWrap(which string) error {
	return &LinkError{Text: "--link=wrap: " + which + "; a source without items cannot begin again", Early: true}
}

// uneven is the error when some sources have ended after n items and others have not.
func (p pairing) uneven(n int64, over []bool) error {
	var ended, more []string
	for i, name := range p.names {
		if over[i] {
			ended = append(ended, name)
		} else {
			more = append(more, name)
		}
	}
	said := fmt.Sprintf("--link: %s ended after %s, %s has more",
		strings.Join(ended, ", "), text.Plural(n, "item", "items"), strings.Join(more, ", "))
	switch {
	case n == 1:
		said += "; 1 of each was run"
	case n > 1:
		said += fmt.Sprintf("; %d of each were run", n)
	}
	return &LinkError{Text: said + linkHint, Early: n == 0}
}

// sizesRead bounds the bytes of files that are read to compare sizes before anything runs: some 20 ms.
const sizesRead = 64 << 20

// checkLink compares the sizes of arguments and small files before any item is read. An unknown size shows
// when the first source ends.
func (in *Input) checkLink() error {
	if len(in.sources) < 2 || in.spec.Link == Product || in.spec.Link == Shortest || in.spec.SkipEmpty {
		return nil // the surplus may be empty values
	}
	sizes := make([]int64, len(in.sources))
	left := int64(sizesRead)
	for i, src := range in.sources {
		sizes[i] = in.spec.unnamed(int64(len(src.Args)))
		fl := in.files[i]
		if fl == nil {
			continue
		}
		sizes[i] = -1
		if left -= fl.info.Size(); left < 0 {
			continue
		}
		one, err := in.counted(fl)
		if err != nil {
			continue
		}
		if n, ok := one.count(context.Background()); ok {
			sizes[i] = in.spec.unnamed(n)
		}
		one.file.Close()
	}
	return in.pairing().check(sizes)
}

// linked makes an item of the nth values of all sources.
type linked struct {
	pairing
	values    []values
	skipEmpty bool     // leave out rows without any value; to leave out single values would mispair the rest
	row       []string // one value a source
	slab      slab

	read   int64
	over   []bool     // the sources that have ended
	ended  int        // the number of them
	before [][]string // for Wrap: their values, to begin again
}

func newLinked(p pairing, all []values, skipEmpty bool) *linked {
	return &linked{
		pairing: p, values: all, skipEmpty: skipEmpty, row: make([]string, len(all)),
		over: make([]bool, len(all)), before: make([][]string, len(all)),
	}
}

func (l *linked) next() ([]string, error) {
	for {
		if err := l.fill(); err != nil {
			return nil, err
		}
		l.read++
		if !l.skipEmpty || !l.empty() {
			return l.slab.join(l.row), nil
		}
	}
}

// empty reports whether all values of the row are empty.
func (l *linked) empty() bool {
	return !slices.ContainsFunc(l.row, func(s string) bool { return s != "" })
}

// fill reads the next row.
func (l *linked) fill() error {
	for i, v := range l.values {
		if l.over[i] {
			continue
		}
		s, err := v.next()
		switch {
		case err == io.EOF && l.link == Shortest:
			return io.EOF
		case err == io.EOF:
			l.over[i] = true
			l.ended++
		case err != nil:
			return err
		}
		l.row[i] = s
	}
	switch {
	case l.ended == len(l.values):
		return io.EOF
	case l.link == Wrap:
		return l.wrap()
	case l.ended > 0 && !(l.skipEmpty && l.empty()):
		return l.uneven(l.read, l.over)
	}
	return nil
}

// wrap restarts the sources that have ended. The values of a source are kept until it is the only one that
// continues.
func (l *linked) wrap() error {
	last := l.ended == len(l.values)-1
	for i, over := range l.over {
		switch n := int64(len(l.before[i])); {
		case over && n == 0:
			return emptyWrap(l.names[i] + " has no item")
		case over:
			l.row[i] = l.before[i][l.read%n]
		case last:
			l.before[i] = nil
		default:
			l.before[i] = append(l.before[i], l.row[i])
		}
	}
	return nil
}
