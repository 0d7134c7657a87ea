// Package input turns bytes and arguments into items. [Open] opens standard input, files and the arguments
// after :::; [Input.Items] splits them and combines several sources. A [Sample] keeps the first items, a
// [Counter] counts all of them beside the reading. The package only reads.
package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"fanout/internal/job"
)

// Input is the opened sources of a run. Its items can be read once.
type Input struct {
	spec    Spec
	sources []Source
	files   []*file // files[i] is the file of sources[i]; nil for arguments
	table   *tables // nil unless items are rows
	begun   *begun  // nil until the names of sources have been read
	used    bool
	watched []watched
}

// Open opens every file, so that a file that cannot be read is an error before anything runs. So are sources
// of unequal sizes that are known before: a *LinkError. The position of each file stays as it was. Standard
// input is used only if the Spec asks for it, and stays the caller's.
func Open(spec Spec, stdin *os.File) (*Input, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	in := &Input{spec: spec, sources: spec.sources()}
	in.files = make([]*file, len(in.sources))
	for i, src := range in.sources {
		if !src.IsFile {
			continue
		}
		fl, err := openFile(src.Path, stdin)
		if err == nil {
			err = in.notTwice(fl)
			in.files[i] = fl
		}
		if err != nil {
			in.Close()
			return nil, err
		}
	}
	if err := in.checkLink(); err != nil {
		in.Close()
		return nil, err
	}
	if spec.Format.Rows() {
		in.table = newTables(in)
	}
	return in, nil
}

// notTwice refuses a pipe that is already open under another name, such as - and /dev/stdin: each of the two
// would get some of its bytes.
func (in *Input) notTwice(fl *file) error {
	for _, other := range in.files {
		if other != nil && fl.isPipe() && os.SameFile(fl.info, other.info) {
			return fmt.Errorf("reading %s: it is the same pipe as %s and can be read only once; put it in a file first",
				place(fl.name), place(other.name))
		}
	}
	return nil
}

// Sources is the number of sources. Standard input alone is one.
func (in *Input) Sources() int { return len(in.sources) }

// Reading lists the names of the files that are being read at this moment. Any goroutine may call it.
func (in *Input) Reading() (names []string) {
	for _, fl := range in.files {
		if fl != nil && fl.busy.Load() {
			names = append(names, place(fl.name))
		}
	}
	return names
}

// Streams reports whether a source is a pipe, a terminal or the like, whose end may be far.
func (in *Input) Streams() bool {
	return slices.ContainsFunc(in.files, func(fl *file) bool { return fl != nil && !fl.info.Mode().IsRegular() })
}

// Close closes the files that Open opened; the end of Items has done so already. It must not run while an
// item is read: end the context of Items first.
func (in *Input) Close() error {
	var errs []error
	for _, fl := range in.files {
		if fl != nil {
			errs = append(errs, fl.close())
		}
	}
	return errors.Join(errs...)
}

// Items yields each item as soon as it is complete, and at most one error,
// last. When ctx ends, a read that blocks ends within milliseconds and the
// error is the context's cause. Items can be ranged over once; pulls may come
// from several goroutines if a lock keeps them apart.
func (in *Input) Items(ctx context.Context) iter.Seq2[job.Item, error] {
	return func(yield func(job.Item, error) bool) {
		if in.used {
			panic("input: the items of an Input were read twice")
		}
		in.used = true
		defer in.Close()
		wake, err := newWake(ctx)
		if err != nil {
			yield(job.Item{}, err)
			return
		}
		defer wake.close()

		rows, err := in.rows(ctx, wake.fd)
		if err != nil {
			yield(job.Item{}, err)
			return
		}
		for seq := int64(1); ; seq++ {
			if ctx.Err() != nil {
				yield(job.Item{}, context.Cause(ctx))
				return
			}
			fields, err := rows.next()
			if err == io.EOF {
				return
			}
			if bad := (*RowError)(nil); errors.As(err, &bad) && !in.spec.Strict {
				if !yield(job.Item{Seq: seq, Fields: []string{bad.Raw}, Err: bad}, nil) {
					return
				}
				continue
			}
			if err != nil {
				yield(job.Item{}, err)
				return
			}
			if !yield(job.Item{Seq: seq, Fields: fields}, nil) {
				return
			}
		}
	}
}

// rows combines the sources as the Spec says.
func (in *Input) rows(ctx context.Context, wake int) (rows, error) {
	if in.table != nil {
		in.table.interruptible(ctx, wake)
		return in.table, nil
	}
	all, err := in.all(ctx, wake)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 1:
		return &single{values: all[0]}, nil
	case in.spec.Link != Product:
		return newLinked(in.pairing(), all, in.spec.SkipEmpty), nil
	default:
		return &product{first: all[0], rest: all[1:], row: make([]string, len(all))}, nil
	}
}

// values splits one source, which is read by r if it is a file.
func (in *Input) values(src Source, r *reader) values {
	var v values
	switch {
	case r == nil:
		v = &args{left: src.Args}
	case in.spec.Format == Shell:
		v = newWords(r, r.name)
	default:
		l := newLines(r, in.spec.Delimiter)
		in.watch(r.name, l, false)
		v = l
	}
	if in.spec.Commands {
		v = in.spec.commands(v, r != nil)
	}
	if in.spec.SkipEmpty && (len(in.sources) == 1 || in.spec.Link == Product) {
		v = nonEmpty{v}
	}
	return v
}
