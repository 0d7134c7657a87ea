package text

import "strings"

// Nearest returns the name that is most like this one, or "" when none is.
func Nearest(names []string, name string) (best string) {
	least := min(2, len(name)/3) + 1
	for _, have := range names {
		if have == "" || len(have) > 2*len(name)+2 {
			continue
		}
		d := distance(strings.ToLower(have), strings.ToLower(name))
		if d < least {
			best, least = have, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete, change or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		now[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			now[j+1] = min(last[j+1]+1, now[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
