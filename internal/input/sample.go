package input

import (
	"context"
	"iter"

	"fanout/internal/job"
)

// Sample keeps the first items of an Input, so that they can be read again and again. It has the methods of
// an Input, but its Close does nothing.
type Sample struct {
	in     *Input
	schema *Schema
	used   bool
	kept   []job.Item
	want   int // the number of items that Items yields
	bytes  int // the size of the kept items
	pull   func() (job.Item, error, bool)
	stop   func()
}

// NewSample takes over an Input that has no other reader. End closes both.
func NewSample(in *Input) *Sample { return &Sample{in: in, stop: func() {}} }

// sampleMax bounds the bytes of the kept items. Items beyond it are not part of the sample.
const sampleMax = 256 << 20

// Fill makes Items yield the first n items from now on, and reads those that are not read yet. It returns
// the number of items, which is less than n at the end of the input, or when the items are too large. All
// calls must have the same ctx.
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

// Items yields the items of the last Fill.
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

// Schema is the schema of the Input.
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

// Names is Names of the Input.
func (s *Sample) Names(ctx context.Context) ([]string, error) { return s.in.Names(ctx) }

// Use is Use of the Input. Only the first call counts, because rows that are read stay as they are.
func (s *Sample) Use(picked []string, highest int) {
	if !s.used {
		s.in.Use(picked, highest)
	}
	s.used = true
}

// Reading is Reading of the Input.
func (s *Sample) Reading() []string { return s.in.Reading() }

// Streams is Streams of the Input.
func (s *Sample) Streams() bool { return s.in.Streams() }

// Counter returns nil: the number of items is known.
func (s *Sample) Counter() *Counter { return nil }

// Notes is Notes of the Input.
func (s *Sample) Notes() []string { return s.in.Notes() }

// Close does nothing, so that the items can be read again.
func (s *Sample) Close() error { return nil }

// End closes the Input.
func (s *Sample) End() error {
	s.stop()
	return s.in.Close()
}
