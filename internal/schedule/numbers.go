package schedule

import "math/bits"

// numbers is which of the slots, counted from 1, are free.
type numbers struct {
	free []uint64 // a bit for each
	low  int      // no word before it has a bit
}

func newNumbers(n int) numbers {
	f := numbers{free: make([]uint64, n/64+1)}
	for i := range n {
		f.give(i + 1)
	}
	return f
}

// take returns the lowest free number, or 0 when there is none.
func (f *numbers) take() int {
	for ; f.low < len(f.free); f.low++ {
		if word := f.free[f.low]; word != 0 {
			f.free[f.low] = word & (word - 1)
			return f.low*64 + bits.TrailingZeros64(word)
		}
	}
	return 0
}

func (f *numbers) give(n int) {
	f.free[n/64] |= 1 << (n % 64)
	f.low = min(f.low, n/64)
}
