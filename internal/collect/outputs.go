// The outputs of jobs that are not collected: inherited ones, and those that are discarded. And the tail, which is kept
// of every standard error.

package collect

// inherited is an output of ours that jobs write to by themselves. Its methods are for what fanout does in their stead.
type inherited stream

func (in *inherited) Fd() int { return in.e.c.files[in.number].Fd() }

// Write takes all of p, unless our own output has failed.
func (in *inherited) Write(p []byte) (int, error) {
	got := in.take(p)
	if got == done {
		got = in.settle()
	}
	for got == later {
		got = in.settle()
	}
	return len(p), got.err()
}

// Hold is part of process.Holder.
func (in *inherited) Hold(p []byte) error { return in.take(p).err() }

// Settle is part of process.Holder.
func (in *inherited) Settle() error { return in.settle().err() }

func (in *inherited) take(p []byte) progress { return in.e.c.gatherLines(in.number, &held{}, p) }

func (in *inherited) settle() progress { return in.e.c.settleLines(in.number) }

// discarded is a descriptor of /dev/null.
type discarded int

func (fd discarded) Fd() int { return int(fd) }

func (fd discarded) Write(p []byte) (int, error) { return len(p), nil }

// tailOnly keeps the end of an output that is discarded, for the summary.
type tailOnly stream

func (t *tailOnly) Write(p []byte) (int, error) {
	t.tail.add(p)
	return len(p), nil
}

// tail is the last bytes of an output.
type tail struct{ buf []byte }

// tailSize is enough for the few lines in which programs say what went wrong.
const tailSize = 1 << 10

func (t *tail) add(p []byte) {
	if len(p) >= tailSize {
		t.buf = append(t.buf[:0], p[len(p)-tailSize:]...)
		return
	}
	if over := len(t.buf) + len(p) - tailSize; over > 0 {
		t.buf = t.buf[:copy(t.buf, t.buf[over:])]
	}
	t.buf = append(t.buf, p...)
}

func (t *tail) bytes() []byte { return append([]byte(nil), t.buf...) }
