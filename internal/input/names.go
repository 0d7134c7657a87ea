package input

import (
	"context"
	"io"

	"golang.org/x/sys/unix"
)

// begun are the sources of which the first values have been read as their names.
type begun struct {
	names   []string // "" for a source without values
	values  []values
	readers []*reader // of the sources that are files
}

// Names reads the first value of each source, which is its name. It waits no longer than ctx. A source without
// values has the name "".
func (in *Input) Names(ctx context.Context) ([]string, error) {
	if in.begun == nil {
		wake, err := newWake(ctx)
		if err != nil {
			return nil, err
		}
		defer wake.close()
		if err := in.begin(ctx, wake.fd); err != nil {
			return nil, err
		}
	}
	return in.begun.names, nil
}

// begin reads the names.
func (in *Input) begin(ctx context.Context, wake int) error {
	b := &begun{}
	for i, src := range in.sources {
		var r *reader
		if fl := in.files[i]; fl != nil {
			r = &reader{fl, ctx, wake}
			if fl.info.Mode().IsRegular() {
				fl.first, _ = unix.Seek(fl.fd, 0, io.SeekCurrent)
			}
			b.readers = append(b.readers, r)
		}
		v := in.values(src, r)
		name, err := v.next()
		if err != nil && err != io.EOF {
			return err
		}
		b.names, b.values = append(b.names, name), append(b.values, v)
	}
	in.begun = b
	return nil
}

// all returns the values of all sources, without their names.
func (in *Input) all(ctx context.Context, wake int) ([]values, error) {
	if in.spec.Named && in.begun == nil {
		if err := in.begin(ctx, wake); err != nil {
			return nil, err
		}
	}
	if in.begun != nil {
		for _, r := range in.begun.readers {
			r.ctx, r.wake = ctx, wake
		}
		return in.begun.values, nil
	}
	all := make([]values, len(in.sources))
	for i, src := range in.sources {
		var r *reader
		if fl := in.files[i]; fl != nil {
			r = &reader{fl, ctx, wake}
		}
		all[i] = in.values(src, r)
	}
	return all, nil
}

// unnamed returns how many of a source's n values are items.
func (s Spec) unnamed(n int64) int64 {
	if s.Named && n > 0 {
		return n - 1
	}
	return n
}
