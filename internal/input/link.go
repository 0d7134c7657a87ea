package input

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Link says what several sources make together.
type Link uint8

// The ways. Product is all with all, the first source being the slowest; the others pair the nth
// values of all sources.
const (
	Product  Link = iota
	Equal         // sources of different sizes are an error
	Shortest      // the first that ends ends all
	Wrap          // one that has ended begins again, until all have
)

// LinkError is sources that cannot be paired.
type LinkError struct {
	Text  string
	Early bool // it is known before any item is read
}

func (e *LinkError) Error() string { return e.Text }

const linkHint = "; --link=shortest stops with the first that ends, --link=wrap begins short ones again"

// pairing is what is needed of the sources to pair them.
type pairing struct {
	link  Link
	names []string // of the sources
}

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

// check refuses sizes that cannot be paired, as far as they are known; -1 is one that is not.
func (p pairing) check(sizes []int64) error {
	most, least := int64(-1), int64(-1)
	var parts []string
	for i, n := range sizes {
		if n < 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s has %s", p.names[i], countOf(n)))
		if most = max(most, n); least < 0 || n < least {
			least = n
		}
	}
	switch all := strings.Join(parts, ", "); {
	case p.link == Equal && least < most:
		return &LinkError{Text: "--link: " + all + linkHint, Early: true}
	case p.link == Wrap && least == 0 && most > 0:
		return &LinkError{Text: "--link=wrap: " + all + "; none can begin again that has no item", Early: true}
	}
	return nil
}

func countOf(n int64) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

// uneven is that some have ended after n items and others have not.
func (p pairing) uneven(n int64, over []bool) error {
	var ended, more []string
	for i, name := range p.names {
		if over[i] {
			ended = append(ended, name)
		} else {
			more = append(more, name)
		}
	}
	text := fmt.Sprintf("--link: %s ended after %s, %s has more", strings.Join(ended, ", "), countOf(n), strings.Join(more, ", "))
	switch {
	case n == 1:
		text += "; 1 of each was run"
	case n > 1:
		text += fmt.Sprintf("; %d of each were run", n)
	}
	return &LinkError{Text: text + linkHint, Early: n == 0}
}

// sizesRead is how much of files is read to know before anything runs whether their sizes are
// equal: some 20 ms.
const sizesRead = 64 << 20

// checkLink is before any item is read: arguments and small files are counted then. Where the
// size of a source is not known, it shows when the first ends.
func (in *Input) checkLink() error {
	if len(in.sources) < 2 || in.spec.Link == Product || in.spec.Link == Shortest || in.spec.SkipEmpty {
		return nil // or what there is too much of may be empty
	}
	sizes := make([]int64, len(in.sources))
	left := int64(sizesRead)
	for i, src := range in.sources {
		sizes[i] = int64(len(src.Args))
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
			sizes[i] = n
		}
		one.file.Close()
	}
	return in.pairing().check(sizes)
}

// linked makes an item of the nth values of all sources.
type linked struct {
	pairing
	values    []values
	skipEmpty bool     // leave out rows without any value; leaving out values would mispair the rest
	row       []string // one value a source
	slab      slab

	read   int64
	over   []bool     // which have ended
	ended  int        // how many
	before [][]string // of Wrap: what they gave, for when they begin again
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

// empty says that the row has nothing but empty values.
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

// wrap has those that have ended begin again. What a source gives is kept until it is the only
// one that goes on.
func (l *linked) wrap() error {
	last := l.ended == len(l.values)-1
	for i, over := range l.over {
		switch n := int64(len(l.before[i])); {
		case over && n == 0:
			return &LinkError{Text: fmt.Sprintf("--link=wrap: %s has no item; none can begin again that has no item", l.names[i]), Early: true}
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
