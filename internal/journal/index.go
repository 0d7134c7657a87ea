package journal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"fanout/internal/job"
)

// state is what is known of an item that was run.
type state uint8

const (
	unknown state = iota
	failed
	done
	used // an item of this run is known to be this one
)

// index is how each item ended at last that a journal tells of. An item has a number and a
// content, and may have been run several times; items of the same content are told apart by
// their numbers alone, so that none of these is the right one for an item of this run: it gets
// any, those that are done first. An item takes 13 bytes here, and 12 more once one of this
// run is looked for by its content.
type index struct {
	pages  map[int64]*page // by number
	more   []another
	last   int64 // the greatest number
	next   int64 // the least that a new item beyond these may have
	failed int64 // how many may be in that state, which no item of this run was known to be yet
	table  *table
}

const pageSize = 4096

// page is the items with consecutive numbers.
type page struct {
	ids    [pageSize]ID
	states [pageSize]state
}

// another is an item whose number another had later, as those have in journals of format 1 that
// were gone on with after the input had changed.
type another struct {
	number int64
	id     ID
	state  state
}

func compare(a, b another) int {
	return cmp.Or(cmp.Compare(a.number, b.number), bytes.Compare(a.id[:], b.id[:]))
}

func newIndex() *index { return &index{pages: map[int64]*page{}} }

// set says how an item ended.
func (x *index) set(number int64, id ID, ok bool) {
	p := x.pages[number/pageSize]
	if p == nil {
		p = new(page)
		x.pages[number/pageSize] = p
	}
	at := number % pageSize
	if p.states[at] != unknown && p.ids[at] != id {
		x.more = append(x.more, another{number, p.ids[at], p.states[at]})
	}
	p.ids[at], p.states[at] = id, failed
	if ok {
		p.states[at] = done
	}
	x.last = max(x.last, number)
}

// settle is called when all has been set.
func (x *index) settle() {
	x.next = x.last + 1
	slices.SortStableFunc(x.more, compare)
	kept := x.more[:0]
	for i, a := range x.more {
		if i+1 < len(x.more) && compare(a, x.more[i+1]) == 0 || x.pages[a.number/pageSize].ids[a.number%pageSize] == a.id {
			continue // it was set again
		}
		kept = append(kept, a)
	}
	x.more = kept
	for _, p := range x.pages {
		for _, st := range p.states {
			if st == failed {
				x.failed++
			}
		}
	}
	for _, a := range x.more {
		if a.state == failed {
			x.failed++
		}
	}
}

// take finds an item of the journal that has the content of this one, and that no other was
// known to be, and says what is known of it: its state, and its number.
func (x *index) take(it job.Item) (st state, number int64) {
	id := Identify(it)
	// Mostly it is where it was: this is read in order, and the table is not.
	if p := x.pages[it.Seq/pageSize]; p != nil {
		if at := it.Seq % pageSize; p.states[at] == done && p.ids[at] == id {
			p.states[at] = used
			return done, it.Seq
		}
	}
	if len(x.pages) == 0 {
		return unknown, 0
	}
	if x.table == nil {
		x.table = newTable(x)
	}
	st, number = x.table.take(id)
	if st == failed {
		x.failed--
	}
	return st, number
}

// fresh is a number for an item of which the journal does not tell: its place in the input or,
// where an item of the journal has this number, one that none has.
func (x *index) fresh(place int64) int64 {
	if place <= x.last {
		if p := x.pages[place/pageSize]; p == nil || p.states[place%pageSize] == unknown {
			return place
		}
	}
	number := max(x.next, place)
	x.next = number + 1
	return number
}

// missing is how many items have failed, and never succeeded, of a content that no item of this
// run had.
func (x *index) missing() int64 {
	if x.failed == 0 {
		return 0
	}
	if x.table == nil {
		x.table = newTable(x)
	}
	return x.table.missing()
}

// table finds items by content: by open addressing, since a map of Go's would take three times
// the memory. What it holds are handles, which count items page by page.
type table struct {
	numbers []int64 // of the first item of each page
	pages   []*page
	more    []another

	slots []uint64 // 32 bits of an ID, and the handle of the first item that has it; 0 is none
	after []uint32 // by handle, the next item of the same content; 0 is none
}

func newTable(x *index) *table {
	t := &table{more: x.more}
	for _, n := range slices.Sorted(maps.Keys(x.pages)) {
		t.numbers = append(t.numbers, n*pageSize)
		t.pages = append(t.pages, x.pages[n])
	}
	items := 0
	for h := range t.handles {
		if *t.state(h) != unknown {
			items++
		}
	}
	size := 16
	for size < items+items/3 {
		size *= 2
	}
	t.slots = make([]uint64, size)
	t.after = make([]uint32, 1+len(t.pages)*pageSize+len(t.more))
	// The last that is added is the first to be taken: those that are done, and of the others
	// those with the least numbers. Those that are used say that their content was looked for.
	for _, st := range []state{failed, done, used} {
		for h := range t.handles {
			if *t.state(h) == st {
				t.add(h)
			}
		}
	}
	return t
}

// handles gives that of each item, the highest first.
func (t *table) handles(yield func(uint32) bool) {
	for h := len(t.pages)*pageSize + len(t.more); h > 0; h-- {
		if !yield(uint32(h)) {
			return
		}
	}
}

// at is where an item is found.
func (t *table) at(handle uint32) (p *page, at int, other *another) {
	h := int(handle) - 1
	if n := h / pageSize; n < len(t.pages) {
		return t.pages[n], h % pageSize, nil
	}
	return nil, 0, &t.more[h-len(t.pages)*pageSize]
}

func (t *table) state(handle uint32) *state {
	p, at, other := t.at(handle)
	if p == nil {
		return &other.state
	}
	return &p.states[at]
}

func (t *table) id(handle uint32) *ID {
	p, at, other := t.at(handle)
	if p == nil {
		return &other.id
	}
	return &p.ids[at]
}

func (t *table) number(handle uint32) int64 {
	p, at, other := t.at(handle)
	if p == nil {
		return other.number
	}
	return t.numbers[(handle-1)/pageSize] + int64(at)
}

// slot is where items of this content are, or would be.
func (t *table) slot(id *ID) *uint64 {
	mask := uint64(len(t.slots) - 1)
	tag := binary.LittleEndian.Uint32(id[8:])
	for i := binary.LittleEndian.Uint64(id[:]) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if *s == 0 || uint32(*s>>32) == tag && *t.id(uint32(*s)) == *id {
			return s
		}
	}
}

func (t *table) add(handle uint32) {
	id := t.id(handle)
	s := t.slot(id)
	t.after[handle] = uint32(*s)
	*s = uint64(binary.LittleEndian.Uint32(id[8:]))<<32 | uint64(handle)
}

// take takes the first item of this content that was not taken.
func (t *table) take(id ID) (st state, number int64) {
	s := t.slot(&id)
	for h := uint32(*s); h != 0; h = t.after[h] {
		*s = *s>>32<<32 | uint64(h)
		if now := t.state(h); *now != used {
			st, *now = *now, used
			return st, t.number(h)
		}
	}
	return unknown, 0
}

// missing counts, of contents that were never looked for, the items that have failed. One that
// is done would be the first.
func (t *table) missing() (n int64) {
	for _, s := range t.slots {
		if s == 0 || *t.state(uint32(s)) != failed {
			continue
		}
		for h := uint32(s); h != 0; h = t.after[h] {
			n++
		}
	}
	return n
}
