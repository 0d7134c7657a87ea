package record

import (
	"iter"
	"maps"
	"slices"
)

// PageSize is how many consecutive numbers share a page of [Pages].
const PageSize = 4096

// Page holds the values for consecutive numbers.
type Page[T any] = [PageSize]T

// Pages holds a value for each of many numbers, most of which are consecutive: the items or the jobs of a journal. A map
// of single values would take several times the memory. The zero Pages is empty.
type Pages[T any] struct {
	places map[int64]int // by number of a page, its index in pages
	pages  []*Page[T]

	number int64 // of the page that was used last, which mostly is used next
	last   *Page[T]
}

// At returns the value for n, which must not be negative, to be read or changed.
func (p *Pages[T]) At(n int64) *T {
	if p.last == nil || n/PageSize != p.number {
		p.turn(n / PageSize)
	}
	return &p.last[n%PageSize]
}

// turn makes a page the last, and adds it if need be.
func (p *Pages[T]) turn(number int64) {
	place, ok := p.places[number]
	if !ok {
		if p.places == nil {
			p.places = map[int64]int{}
		}
		place = len(p.pages)
		p.places[number] = place
		p.pages = append(p.pages, new(Page[T]))
	}
	p.number, p.last = number, p.pages[place]
}

// Find returns the value for n, or nil when neither it nor one beside it was ever asked for by At.
func (p *Pages[T]) Find(n int64) *T {
	if n < 0 {
		return nil
	}
	if p.last == nil || n/PageSize != p.number {
		place, ok := p.places[n/PageSize]
		if !ok {
			return nil
		}
		p.number, p.last = n/PageSize, p.pages[place]
	}
	return &p.last[n%PageSize]
}

// Len returns the number of pages.
func (p *Pages[T]) Len() int { return len(p.pages) }

// All yields the pages in order, each with its first number.
func (p *Pages[T]) All() iter.Seq2[int64, *Page[T]] {
	return func(yield func(int64, *Page[T]) bool) {
		for _, number := range slices.Sorted(maps.Keys(p.places)) {
			if !yield(number*PageSize, p.pages[p.places[number]]) {
				return
			}
		}
	}
}
