package input

import (
	"io"
	"strings"
)

// rows returns the Fields of one item after the other; io.EOF is the end.
type rows interface {
	next() ([]string, error)
}

// single makes an item of each value of the only source.
type single struct {
	values values
	slab   slab
}

func (s *single) next() ([]string, error) {
	v, err := s.values.next()
	if err != nil {
		return nil, err
	}
	fields := s.slab.take(1, len(v))
	fields[0] = v
	return fields, nil
}

// product makes an item of each combination; the first source is the slowest. The first source streams. The
// others are kept in memory from the first item on, because each of their values is needed again.
type product struct {
	first values
	rest  []values
	lists [][]string // the values of rest, once they have been read
	at    []int      // the index in each list
	row   []string   // one value a source
	slab  slab
}

func (p *product) next() ([]string, error) {
	if !p.step() {
		v, err := p.first.next()
		if err != nil {
			return nil, err
		}
		if p.lists == nil {
			if err := p.load(); err != nil {
				return nil, err
			}
		}
		p.row[0] = v
	}
	for i, list := range p.lists {
		p.row[1+i] = list[p.at[i]]
	}
	return p.slab.join(p.row), nil
}

// step moves to the next combination with the same first value. It returns false when there is none, with
// all indexes back at their start.
func (p *product) step() bool {
	for i := len(p.lists) - 1; i >= 0; i-- {
		p.at[i]++
		if p.at[i] < len(p.lists[i]) {
			return true
		}
		p.at[i] = 0
	}
	return false
}

// load reads the other sources. An empty one makes the product empty.
func (p *product) load() error {
	p.lists = make([][]string, len(p.rest))
	p.at = make([]int, len(p.rest))
	for i, v := range p.rest {
		list, err := readAll(v)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return io.EOF
		}
		p.lists[i] = list
	}
	return nil
}

const (
	slabFields = 16  // strings in one array
	slabItem   = 128 // bytes of the longest item in a shared array
)

// slab cuts the Fields of short items out of a shared array: a short line costs little more than the
// allocation of its bytes. An item that is kept keeps its neighbours alive, at most 2.3 KB; a long item has
// an array of its own.
type slab struct{ free []string }

// take returns an array of n strings for an item of this size.
func (s *slab) take(n, bytes int) []string {
	if n > slabFields/4 || bytes > slabItem {
		return make([]string, n)
	}
	if len(s.free) < n {
		s.free = make([]string, slabFields)
	}
	fields := s.free[:n:n]
	s.free = s.free[n:]
	return fields
}

// join returns the whole item, and then the values that it is made of.
func (s *slab) join(row []string) []string {
	whole := strings.Join(row, " ")
	fields := s.take(1+len(row), len(whole))
	fields[0] = whole
	copy(fields[1:], row)
	return fields
}
