package persistent

import (
	"errors"
	"slices"
	"testing"

	"fanout/internal/job"
)

// TestJudge: as long as no program has replied too often, nothing is taken back. After that, all is that
// programs have replied which did not end in step.
func TestJudge(t *testing.T) {
	const inStep, ended, surplus = 'i', 'e', 's'
	for _, tt := range []struct {
		ends string // how the programs end one after the other, each after a reply
		want []int
	}{
		{"", nil}, {"i", nil}, {"e", nil}, {"s", []int{1}}, {"ieie", nil}, {"iiis", []int{4}}, {"eies", []int{1, 3, 4}},
		{"sie", []int{1, 3}}, {"sis", []int{1, 3}}, {"esei", []int{1, 2, 3}},
	} {
		var back Replies
		s := &Starter{TakeBack: func(r Replies, why error) {
			if !errors.Is(why, errDoubt) {
				t.Error(why)
			}
			back.Join(r)
		}}
		for i, end := range tt.ends {
			r := Replies{Programs: []int{i + 1}}
			r.Add(job.Job{Seq: int64(10 * (i + 1)), Attempt: 1})
			s.judge(r, end == surplus, end == inStep)
		}
		if !slices.Equal(back.Programs, tt.want) || back.Jobs != int64(len(tt.want)) {
			t.Errorf("%s: %+v, want %v", tt.ends, back, tt.want)
		}
		if n := len(tt.want); n > 0 && (back.First != int64(10*tt.want[0]) || back.Last != int64(10*tt.want[n-1])) {
			t.Errorf("%s: of jobs %d to %d", tt.ends, back.First, back.Last)
		}
	}
	s := &Starter{TakeBack: func(r Replies, _ error) { t.Errorf("%+v is taken back", r) }}
	s.judge(Replies{Programs: []int{1}}, true, false) // it has not replied to anybody
}

func TestReplies(t *testing.T) {
	var r Replies
	r.Add(job.Job{Seq: 7, Left: 2, Attempt: 1})
	r.Add(job.Job{Seq: 3, Attempt: 2})
	var all Replies
	all.Join(r)
	all.Join(Replies{Programs: []int{5}, Jobs: 1, Later: 1, First: 1, Last: 1})
	if r.Jobs != 2 || r.Later != 1 || r.First != 3 || r.Last != 9 || all.Jobs != 3 || all.Later != 2 || all.First != 1 || all.Last != 9 || !slices.Equal(all.Programs, []int{5}) {
		t.Errorf("%+v, %+v", r, all)
	}
}
