// The stop rule: how many failures a run may have.

package schedule

import (
	"errors"
	"strconv"
	"strings"
)

// Limit is a number of failures, or their share of the jobs that have ended.
type Limit struct {
	Count   int64
	Percent float64
}

// enough is how many jobs must have ended before a percentage means something.
const enough = 20

// ParseLimit reads N or N%.
func ParseLimit(s string) (Limit, error) {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return Limit{}, errors.New("give a percentage above 0% and at most 100%")
		}
		return Limit{Percent: p}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return Limit{}, errors.New("give a whole number, 1 or more, or a percentage")
	}
	return Limit{Count: n}, nil
}

func (l Limit) reached(failed, finished int64) bool {
	switch {
	case l.Count > 0:
		return failed >= l.Count
	case l.Percent > 0:
		return finished >= enough && float64(failed)*100 >= l.Percent*float64(finished)
	default:
		return false
	}
}
