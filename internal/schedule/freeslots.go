package schedule

import "math/bits"

// freeSlots says which of the slots, counted from 1, are free.
type freeSlots struct {
	bits []uint64 // one bit for each slot
	low  int      // no word before it has a bit
}

func newFreeSlots(n int) freeSlots {
	f := freeSlots{bits: make([]uint64, n/64+1)}
	for i := range n {
		f.give(i + 1)
	}
	return f
}

// take returns the lowest free slot, or 0 when none is free.
func (f *freeSlots) take() int {
	for ; f.low < len(f.bits); f.low++ {
		if word := f.bits[f.low]; word != 0 {
			f.bits[f.low] = word & (word - 1)
			return f.low*64 + bits.TrailingZeros64(word)
		}
	}
	return 0
}

func (f *freeSlots) give(n int) {
	f.bits[n/64] |= 1 << (n % 64)
	f.low = min(f.low, n/64)
}
