package input

import (
	"context"
	"iter"

	"fanout/internal/job"
)

// Sample is the first items of an Input, kept so that they can be read again and again. Its
// methods are those of an Input, but that Close is left to who opened it.
type Sample struct {
	in     *Input
	schema *Schema
	used   bool
	kept   []job.Item
	want   int // how many of them Items yields
	bytes  int // of all that is kept
	pull   func() (job.Item, error, bool)
	stop   func()
}

// NewSample is one of an Input that nobody else reads. Close it, and not the Input.
func NewSample(in *Input) *Sample { return &Sample{in: in, stop: func() {}} }

// sampleMax is how many bytes of items are kept: what does not fit is not part of the sample.
const sampleMax = 256 << 20

// Fill has Items yield the first n items from now on, and reads those that were not read
// before. It reports how many there are, which is less than n at the end of the input, or
// when they are too large. All calls are to have the same ctx.
func (s *Sample) Fill(ctx context.Context, n int) (int, error) {
	if s.pull == nil {
		s.pull, s.stop = iter.Pull2(s.in.Items(ctx))
	}
	for len(s.kept) < n && s.bytes < sampleMax {
		it, err, more := s.pull()
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		s.kept = append(s.kept, it)
		for _, field := range it.Fields {
			s.bytes += len(field)
		}
	}
	s.want = min(n, len(s.kept))
	return s.want, nil
}

// Items yields what Fill has asked for.
func (s *Sample) Items(ctx context.Context) iter.Seq2[job.Item, error] {
	return func(yield func(job.Item, error) bool) {
		for _, it := range s.kept[:s.want] {
			if ctx.Err() != nil {
				yield(job.Item{}, context.Cause(ctx))
				return
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// Schema is that of the Input.
func (s *Sample) Schema(ctx context.Context) (Schema, error) {
	if s.schema == nil {
		schema, err := s.in.Schema(ctx)
		if err != nil {
			return Schema{}, err
		}
		s.schema = &schema
	}
	return *s.schema, nil
}

// Use is that of the Input. The first counts: what was read stays as it is.
func (s *Sample) Use(picked []string, highest int) {
	if !s.used {
		s.in.Use(picked, highest)
	}
	s.used = true
}

// Reading is that of the Input.
func (s *Sample) Reading() []string { return s.in.Reading() }

// Counter is none: how many items there are is known.
func (s *Sample) Counter() *Counter { return nil }

// Notes is that of the Input.
func (s *Sample) Notes() []string { return s.in.Notes() }

// Close does nothing, so that the items can be read again.
func (s *Sample) Close() error { return nil }

// End closes the Input.
func (s *Sample) End() error {
	s.stop()
	return s.in.Close()
}
