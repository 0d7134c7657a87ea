package run

import (
	"iter"
	"math"

	"fanout/internal/job"
)

// withTotal tells each job how many jobs there are, for {##}. It keeps all jobs in memory until the input has ended.
// An error comes where it was.
func withTotal(jobs iter.Seq2[job.Job, error], skipped func() int64) iter.Seq2[job.Job, error] {
	return func(yield func(job.Job, error) bool) {
		var all []job.Job
		var failed error
		for j, err := range jobs {
			if err != nil {
				failed = err
				break
			}
			all = append(all, j)
		}
		total := int64(len(all)) + skipped()
		if n := len(all); n > 0 {
			total = max(total, all[n-1].Seq()) // the numbers of a resumed run
		}
		for i, j := range all {
			j.Total = int32(min(total, math.MaxInt32))
			all[i] = job.Job{} // its items can go when it has run
			if !yield(j, nil) {
				return
			}
		}
		if failed != nil {
			yield(job.Job{}, failed)
		}
	}
}
