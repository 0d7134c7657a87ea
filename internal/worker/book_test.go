package worker_test

import (
	"bytes"
	"fmt"
	"sync"

	"fanout/internal/job"
)

// book is a Collector that remembers everything.
type book struct {
	mu    sync.Mutex
	now   map[int64]*[2]bytes.Buffer // of the attempt that runs
	last  map[int64]*[2]bytes.Buffer // of the one before
	done  map[int64]job.Status
	wrong []string
}

func (b *book) complain(format string, args ...any) {
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

func (b *book) Await(job.Job) {}

func (b *book) Start(j job.Job) job.Output {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, over := b.done[j.Index]; over {
		b.complain("job %d starts after its end", j.Index)
	}
	bufs := new([2]bytes.Buffer)
	b.last[j.Index] = b.now[j.Index]
	b.now[j.Index] = bufs
	return job.Output{Stdout: locked{b, &bufs[0]}, Stderr: locked{b, &bufs[1]}}
}

type locked struct {
	b *book
	w *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	return l.w.Write(p)
}

func (b *book) Retry(job.Job, job.Status) {}
func (b *book) Begun(job.Job)             {}
func (b *book) Ended(job.Job)             {}

func (b *book) Unstart(j job.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now[j.Index] = b.last[j.Index]
}

func (b *book) Abandon(j job.Job, st job.Status) { b.Done(j, st) }

func (b *book) Done(j job.Job, st job.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, over := b.done[j.Index]; over {
		b.complain("job %d is done as %v and again as %v", j.Index, old, st)
	}
	b.done[j.Index] = st
	if st.Outcome != job.Exited {
		return
	}
	if st.Code != code(j.Index) {
		b.complain("job %d has code %d, want %d", j.Index, st.Code, code(j.Index))
	}
	if got := b.now[j.Index][0].String(); got != printed(j.Index) {
		b.complain("job %d printed %d bytes, beginning with %.40q, want %d", j.Index, len(got), got, len(printed(j.Index)))
	}
	if got := b.now[j.Index][1].String(); got != j.Label() {
		b.complain("job %d has the standard error %q", j.Index, got)
	}
}
