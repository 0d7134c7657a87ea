package record

// PageSize is how many consecutive numbers share a page of [Pages].
const PageSize = 4096

// Pages holds a value for each of many numbers, most of which are consecutive: the items or the jobs of a journal. A map
// of single values would take several times the memory.
type Pages[T any] map[int64]*[PageSize]T

// At returns the value for n, which must not be negative, to be read or changed.
func (p Pages[T]) At(n int64) *T {
	page := p[n/PageSize]
	if page == nil {
		page = new([PageSize]T)
		p[n/PageSize] = page
	}
	return &page[n%PageSize]
}

// Find returns the value for n, or nil when neither it nor one beside it was ever asked for by At.
func (p Pages[T]) Find(n int64) *T {
	if page := p[n/PageSize]; page != nil && n >= 0 {
		return &page[n%PageSize]
	}
	return nil
}
