package schedule

import "testing"

func TestParseLimit(t *testing.T) {
	for s, want := range map[string]Limit{
		"1":          {Count: 1},
		"20":         {Count: 20},
		"9999999999": {Count: 9999999999},
		"1%":         {Percent: 1},
		"0.5%":       {Percent: 0.5},
		"100%":       {Percent: 100},
	} {
		if got, err := ParseLimit(s); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "1.5", "x", "1 ", "99999999999999999999", "%", "0%", "-1%", "100.1%", "NaN%", "Inf%", "x%", "1%%", "1 %"} {
		if got, err := ParseLimit(s); err == nil {
			t.Errorf("%q was taken as %v", s, got)
		}
	}
}

// TestReached: whole percents are compared exactly, even where their product with the number of jobs is not a
// floating-point number.
func TestReached(t *testing.T) {
	for percent := int64(1); percent <= 100; percent++ {
		for finished := int64(0); finished <= 300; finished++ {
			exact := (percent*finished + 99) / 100 // the least number of failures that is the share
			for _, failed := range []int64{0, exact - 1, exact, finished} {
				if failed < 0 || failed > finished {
					continue
				}
				want := finished >= enough && failed*100 >= percent*finished
				if got := (Limit{Percent: float64(percent)}).reached(failed, finished); got != want {
					t.Fatalf("%d%%: %d of %d failed: %v, want %v", percent, failed, finished, got, want)
				}
			}
		}
	}
	for _, tt := range []struct {
		limit            Limit
		failed, finished int64
		want             bool
	}{
		{Limit{}, 100, 100, false},
		{Limit{Count: 1}, 0, 0, false},
		{Limit{Count: 1}, 1, 1, true},
		{Limit{Count: 3}, 2, 100, false},
		{Limit{Count: 3}, 3, 3, true},
		{Limit{Count: 3}, 4, 4, true},
	} {
		if got := tt.limit.reached(tt.failed, tt.finished); got != tt.want {
			t.Errorf("%v: %d of %d: %v", tt.limit, tt.failed, tt.finished, got)
		}
	}
}
