package collect

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fanout/internal/job"
)

const hold = 250 * time.Millisecond

// told is a Collector that holds back successes, and what its hooks were told.
type told struct {
	*Collector
	final, inDoubt []int64
}

func newTold(t *testing.T) *told {
	t.Helper()
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	var w told
	numbers := func(all []*job.Finished) (seqs []int64) {
		for _, d := range all {
			seqs = append(seqs, d.Job.Index)
		}
		return seqs
	}
	w.Collector = New(Spec{Slots: 1, TmpDir: t.TempDir(), Hold: hold}, newFile(t, null), newFile(t, null), Hooks{
		OnError: func(err error) { t.Error(err) },
		OnFull:  func(error) {},
		Final:   func(all []*job.Finished) error { w.final = append(w.final, numbers(all)...); return nil },
		InDoubt: func(all []*job.Finished) { w.inDoubt = append(w.inDoubt, numbers(all)...) },
	})
	return &w
}

// job ends a job now that took so long.
func (w *told) job(seq int64, code int, took time.Duration) {
	j := newJob(seq, 1, "x")
	w.Start(j)
	w.Done(j, job.Status{Code: code, Usage: job.Usage{Wall: took}})
}

// after lets some time pass, in which the Collector is woken now and then, as run does.
func (w *told) after(d time.Duration) {
	for range d / (10 * time.Millisecond) {
		time.Sleep(10 * time.Millisecond)
		w.Wake()
	}
	synctest.Wait()
}

func (w *told) stop() {
	w.Doubt()
	w.Stop()
}

func (w *told) check(t *testing.T, when string, final, inDoubt []int64) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(w.final, final) || !slices.Equal(w.inDoubt, inDoubt) {
		t.Errorf("%s: %v are final and %v in doubt, not %v and %v", when, w.final, w.inDoubt, final, inDoubt)
	}
}

func TestFinality(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, w *told){
		"a success waits for a stop": func(t *testing.T, w *told) {
			w.job(1, 0, time.Second)
			w.after(hold - 20*time.Millisecond)
			w.job(2, 0, time.Second)
			w.check(t, "within the moment", nil, nil)
			w.after(100 * time.Millisecond)
			w.check(t, "after it", []int64{1}, nil)
			w.after(hold)
			w.check(t, "after both", []int64{1, 2}, nil)
		},
		"the stop comes": func(t *testing.T, w *told) {
			w.job(1, 0, time.Second)
			w.after(30 * time.Millisecond)
			w.job(2, 3, time.Second)
			w.job(3, 0, time.Second)
			w.after(hold - 20*time.Millisecond)
			w.job(4, 1, time.Second)
			w.stop()
			w.check(t, "at the stop", []int64{1, 2, 4}, []int64{3})
			w.job(5, 0, time.Second)
			w.job(6, 9, time.Second)
			w.Close()
			w.check(t, "at the end", []int64{1, 2, 4, 6}, []int64{3, 5})
			if w.InDoubt() != 2 {
				t.Errorf("%d are in doubt", w.InDoubt())
			}
		},
		"a stop that is our own casts no doubt": func(t *testing.T, w *told) {
			w.job(1, 0, time.Second)
			w.Stop()
			w.job(2, 0, time.Hour)
			began := time.Now()
			w.Close()
			w.check(t, "at the end", []int64{1, 2}, nil)
			if took := time.Since(began); took > 0 {
				t.Errorf("the end of a run that was stopped takes %v", took)
			}
		},
		"a run that ends by itself": func(t *testing.T, w *told) {
			w.job(1, 1, time.Hour)
			w.job(2, 0, 10*time.Millisecond)
			w.job(3, 0, 0)
			began := time.Now()
			w.Close()
			w.check(t, "at the end", []int64{1, 2, 3}, nil)
			if took := time.Since(began); took > time.Millisecond {
				t.Errorf("it ends %v later", took)
			}
		},
		"a run that ends by itself after a long job": func(t *testing.T, w *told) {
			w.job(1, 0, 2*time.Second)
			w.job(2, 0, time.Hour)
			w.after(200 * time.Millisecond)
			w.job(3, 0, 4*time.Second)
			began := time.Now()
			w.Close()
			w.check(t, "at the end", []int64{1, 2, 3}, nil)
			if took := time.Since(began); took != 100*time.Millisecond {
				t.Errorf("it ends %v later, a fortieth of what its last job took", took)
			}
		},
		"a run that ends by itself after a job was struck": func(t *testing.T, w *told) {
			w.job(1, 0, 0)
			w.job(2, 143, 0)
			began := time.Now()
			w.Close()
			w.check(t, "at the end", []int64{1, 2}, nil)
			if took := time.Since(began); took != hold {
				t.Errorf("it ends %v later", took)
			}
		},
		"a stop as a run ends by itself": func(t *testing.T, w *told) {
			w.job(1, 0, time.Hour)
			began := time.Now()
			time.AfterFunc(hold/2, w.stop)
			w.Close()
			w.check(t, "at the end", nil, []int64{1})
			if took := time.Since(began); took != hold/2 {
				t.Errorf("it ends %v later", took)
			}
		},
		"many": func(t *testing.T, w *told) {
			const more = 10
			for seq := range int64(heldMost + more) {
				w.job(seq+1, 0, 0)
			}
			w.Wake()
			synctest.Wait()
			if len(w.final) < more {
				t.Errorf("more than %d are kept back", heldMost)
			}
			w.Close()
			if len(w.final) != heldMost+more {
				t.Errorf("%d are final", len(w.final))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTold(t)
				run(t, w)
				w.Close()
			})
		})
	}
}
