package journal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"fanout/internal/job"
	"fanout/internal/record"
)

// state tells what became of an item.
type state uint8

const (
	unknown state = iota
	failed
	done
	used // an item of this run has been found to be this one
)

// index holds the last outcome of each item of a journal. An item has a number and a content, and may have been run
// several times. Items with the same content differ in their numbers alone, so an item of this run may be any of them:
// it gets one that is done, while there is one. An item takes 13 bytes here, and 11 to 25 more once an item of this run
// is looked up by content, because it does not follow the one before it.
type index struct {
	pages  record.Pages[known] // by number
	more   []another
	last   int64 // the greatest number
	next   int64 // the least number for a new item beyond these
	failed int64 // how many items are in that state
	table  *table
	moved  int64 // by how much the last item that was found had moved
}

// page is the items with consecutive numbers.
type page = record.Page[known]

const pageSize = record.PageSize

// known is what the journal tells of an item.
type known struct {
	id    ID
	state state
}

// another is an item whose number another item got later. Journals of format 1 have such items when a run was resumed
// after the input had changed.
type another struct {
	number int64
	known
}

func compare(a, b another) int {
	return cmp.Or(cmp.Compare(a.number, b.number), bytes.Compare(a.id[:], b.id[:]))
}

func newIndex() *index { return &index{} }

// set notes how an item ended.
func (x *index) set(number int64, id ID, ok bool) {
	k := x.pages.At(number)
	if k.state != unknown && k.id != id {
		x.more = append(x.more, another{number, *k})
	}
	k.id, k.state = id, failed
	if ok {
		k.state = done
	}
	x.last = max(x.last, number)
}

// settle completes the index, after the last set.
func (x *index) settle() {
	x.next = x.last + 1
	slices.SortStableFunc(x.more, compare)
	kept := x.more[:0]
	for i, a := range x.more {
		if i+1 < len(x.more) && compare(a, x.more[i+1]) == 0 || x.pages.At(a.number).id == a.id {
			continue // it was set again
		}
		kept = append(kept, a)
	}
	x.more = kept
	for _, p := range x.pages.All() {
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

// take finds an item of the journal that has the content of this one and has not been taken, and returns its state and
// its number.
func (x *index) take(it job.Item) (st state, number int64) {
	id := Identify(it)
	// Most items are where they were, or follow the one before them. Pages are then read in order; the table would be
	// read at random.
	for _, number := range [...]int64{it.Seq + x.moved, it.Seq} {
		if k := x.pages.Find(number); k != nil && k.state == done && k.id == id {
			k.state = used
			return done, number
		}
	}
	if x.pages.Len() == 0 {
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

// fresh returns a number for an item that the journal does not have: its place in the input or, when an item of the
// journal has that number, one that no item has.
func (x *index) fresh(place int64) int64 {
	if place <= x.last {
		if k := x.pages.Find(place); k == nil || k.state == unknown {
			return place
		}
	}
	number := max(x.next, place)
	x.next = number + 1
	return number
}

// missing counts the items that failed and never succeeded, and whose content no item of this run has.
func (x *index) missing() int64 {
	if x.failed == 0 {
		return 0
	}
	if x.table == nil {
		x.table = newTable(x)
	}
	return x.table.missing()
}

// table finds items by content. It uses open addressing: a Go map would take three times the memory. It holds handles,
// which count the items page by page.
type table struct {
	numbers []int64 // of the first item of each page
	pages   []*page
	more    []another

	slots []uint64 // 32 bits of an ID, and the handle of the first item that has it; 0: free
	after []uint32 // by handle, the next item of the same content; 0: there is no more. nil while no content is repeated
}

func newTable(x *index) *table {
	t := &table{more: x.more}
	items := len(x.more)
	for n, p := range x.pages.All() {
		t.numbers, t.pages = append(t.numbers, n), append(t.pages, p)
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
	// The last that is added is taken first: items that are done go before others, and lower numbers before higher
	// ones. An item that is used shows that its content was looked up.
	if x.failed > 0 {
		t.addAll(failed)
	}
	t.addAll(done)
	t.addAll(used)
	return t
}

// addAll adds the items in this state, the last first.
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

// slot returns the slot of a content, which is free when no item has it.
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

// item returns the item of a handle.
func (t *table) item(handle uint32) (number int64, k *known) {
	h := int(handle) - 1
	n, at := h/pageSize, h%pageSize
	if n < len(t.pages) {
		return t.numbers[n] + int64(at), &t.pages[n][at]
	}
	a := &t.more[h-len(t.pages)*pageSize]
	return a.number, &a.known
}

// next returns the handle of the next item of the same content, or 0.
func (t *table) next(handle uint32) uint32 {
	if t.after == nil {
		return 0
	}
	return t.after[handle]
}

// take takes the first item of this content that has not been taken.
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

// missing counts the failed items of the contents that were never looked up. If an item of a content is done, it is the
// first in its slot.
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
