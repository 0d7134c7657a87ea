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
// any, those that are done first. An item takes 13 bytes here, and 11 to 25 more once one of
// this run is looked for by its content, since it is not where the one before it leads to.
type index struct {
	pages  map[int64]*page // by number
	more   []another
	last   int64 // the greatest number
	next   int64 // the least that a new item beyond these may have
	failed int64 // how many are in that state
	table  *table
	moved  int64 // by how much the last item that was found had moved
}

const pageSize = 4096

// page is the items with consecutive numbers.
type page [pageSize]known

// known is what is known of an item.
type known struct {
	id    ID
	state state
}

// another is an item whose number another had later, as those have in journals of format 1 that
// were gone on with after the input had changed.
type another struct {
	number int64
	known
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
	k := &p[number%pageSize]
	if k.state != unknown && k.id != id {
		x.more = append(x.more, another{number, *k})
	}
	k.id, k.state = id, failed
	if ok {
		k.state = done
	}
	x.last = max(x.last, number)
}

// settle is called when all has been set.
func (x *index) settle() {
	x.next = x.last + 1
	slices.SortStableFunc(x.more, compare)
	kept := x.more[:0]
	for i, a := range x.more {
		if i+1 < len(x.more) && compare(a, x.more[i+1]) == 0 || x.pages[a.number/pageSize][a.number%pageSize].id == a.id {
			continue // it was set again
		}
		kept = append(kept, a)
	}
	x.more = kept
	for _, p := range x.pages {
		for i := range p {
			if p[i].state == failed {
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
	// Mostly it is where it was, or next to the one before it: these are read in order, and the
	// table is not.
	for _, number := range [...]int64{it.Seq + x.moved, it.Seq} {
		if p := x.pages[number/pageSize]; p != nil && number > 0 {
			if k := &p[number%pageSize]; k.state == done && k.id == id {
				k.state = used
				return done, number
			}
		}
	}
	if len(x.pages) == 0 {
		return unknown, 0
	}
	if x.table == nil {
		x.table = newTable(x)
	}
	switch st, number = x.table.take(id); st {
	case failed:
		x.failed--
	case done:
		x.moved = number - it.Seq
	}
	return st, number
}

// fresh is a number for an item of which the journal does not tell: its place in the input or,
// where an item of the journal has this number, one that none has.
func (x *index) fresh(place int64) int64 {
	if place <= x.last {
		if p := x.pages[place/pageSize]; p == nil || p[place%pageSize].state == unknown {
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
	after []uint32 // by handle, the next item of the same content; 0 is none. nil as long as there is no such
}

func newTable(x *index) *table {
	t := &table{more: x.more}
	items := len(x.more)
	for _, n := range slices.Sorted(maps.Keys(x.pages)) {
		p := x.pages[n]
		t.numbers, t.pages = append(t.numbers, n*pageSize), append(t.pages, p)
		for i := range p {
			if p[i].state != unknown {
				items++
			}
		}
	}
	size := 16
	for size < items+items/3 {
		size *= 2
	}
	t.slots = make([]uint64, size)
	// The last that is added is the first to be taken: those that are done, and of the others
	// those with the least numbers. Those that are used say that their content was looked for.
	if x.failed > 0 {
		t.addAll(failed)
	}
	t.addAll(done)
	t.addAll(used)
	return t
}

// addAll adds the items that are in this state, the last first.
func (t *table) addAll(st state) {
	for i, a := range slices.Backward(t.more) {
		if a.state == st {
			t.add(uint32(len(t.pages)*pageSize+i+1), &a.id)
		}
	}
	for i, p := range slices.Backward(t.pages) {
		for at := pageSize - 1; at >= 0; at-- {
			if p[at].state == st {
				t.add(uint32(i*pageSize+at+1), &p[at].id)
			}
		}
	}
}

func (t *table) add(handle uint32, id *ID) {
	s := t.slot(id)
	if *s != 0 {
		if t.after == nil {
			t.after = make([]uint32, 1+len(t.pages)*pageSize+len(t.more))
		}
		t.after[handle] = uint32(*s)
	}
	*s = uint64(tag(id))<<32 | uint64(handle)
}

// slot is where items of this content are, or would be.
func (t *table) slot(id *ID) *uint64 {
	mask := uint64(len(t.slots) - 1)
	for i := binary.LittleEndian.Uint64(id[:]) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if *s == 0 {
			return s
		}
		if uint32(*s>>32) == tag(id) {
			if _, k := t.item(uint32(*s)); k.id == *id {
				return s
			}
		}
	}
}

func tag(id *ID) uint32 { return binary.LittleEndian.Uint32(id[8:]) }

// item is what a handle stands for.
func (t *table) item(handle uint32) (number int64, k *known) {
	h := int(handle) - 1
	n, at := h/pageSize, h%pageSize
	if n < len(t.pages) {
		return t.numbers[n] + int64(at), &t.pages[n][at]
	}
	a := &t.more[h-len(t.pages)*pageSize]
	return a.number, &a.known
}

// next is the next item of the same content.
func (t *table) next(handle uint32) uint32 {
	if t.after == nil {
		return 0
	}
	return t.after[handle]
}

// take takes the first item of this content that was not taken.
func (t *table) take(id ID) (st state, number int64) {
	s := t.slot(&id)
	for h := uint32(*s); h != 0; h = t.next(h) {
		*s = *s>>32<<32 | uint64(h)
		if number, k := t.item(h); k.state != used {
			st, k.state = k.state, used
			return st, number
		}
	}
	return unknown, 0
}

// missing counts, of contents that were never looked for, the items that have failed. One that
// is done would be the first.
func (t *table) missing() (n int64) {
	for _, s := range t.slots {
		if s == 0 {
			continue
		}
		if _, k := t.item(uint32(s)); k.state != failed {
			continue
		}
		for h := uint32(s); h != 0; h = t.next(h) {
			n++
		}
	}
	return n
}
