package journal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"fanout/internal/job"
	"fanout/internal/record"
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Writer adds lines to a journal.
type Writer struct {
	file *file
	host string
	sync Sync
	buf  []byte

	busy atomic.Int32 // how many goroutines write or sync now

	mu    sync.Mutex
	dirty bool
	err   error // of a sync
	stop  chan struct{}
	ended chan struct{}
}

// newWriter writes the header of this run.
func newWriter(f *file, spec Spec) (*Writer, error) {
	w := &Writer{file: f, host: spec.Header.Host, sync: spec.Sync, stop: make(chan struct{}), ended: make(chan struct{})}
	h := spec.Header
	h.Format, h.Time = record.Format, now()
	w.buf = appendHeader(w.buf, h)
	if err := w.flush(); err != nil {
		return nil, err
	}
	go w.syncEachSecond()
	return w, nil
}

func appendHeader(b []byte, h record.Header) []byte {
	b = fmt.Appendf(b, `{"journal":%d,"version":`, h.Format)
	b = record.AppendString(b, h.Version)
	b = append(b, `,"argv":[`...)
	for i, arg := range h.Argv {
		if i > 0 {
			b = append(b, ',')
		}
		b = record.AppendText(b, string(arg))
	}
	b = append(b, `],"cwd":`...)
	b = record.AppendText(b, string(h.Dir))
	b = append(b, `,"template":`...)
	b = record.AppendString(b, h.Template)
	b = append(b, `,"host":`...)
	b = record.AppendString(b, h.Host)
	b = append(b, `,"time":"`...)
	b = h.Time.UTC().AppendFormat(b, record.Stamp)
	return append(b, "\"}\n"...)
}

// Add writes a line for each job that has ended. A stopped job gets no line: a resumed run has to run it.
func (w *Writer) Add(done []*job.Finished) error {
	for _, d := range done {
		if d.Status.Outcome != job.Stopped {
			w.buf = appendLine(w.buf, d, w.host)
		}
	}
	return w.flush()
}

// appendLine appends the line of a job. Readers expect at, id and ok in this order.
func appendLine(b []byte, d *job.Finished, host string) []byte {
	b = append(b, '{')
	b = record.AppendItems(b, d.Job)
	b = append(b, `,"at":[`...)
	for i, it := range d.Job.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, it.Seq, 10)
	}
	b = append(b, `],"id":[`...)
	for i, it := range d.Job.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		id := Identify(it)
		b = base64.StdEncoding.AppendEncode(b, id[:])
		b = append(b, '"')
	}
	b = append(b, ']')
	b = record.AppendOutcome(b, d, host)
	if len(d.Tail) > 0 {
		b = append(b, `,"stderr":`...)
		b = record.AppendText(b, string(d.Tail))
	}
	return append(b, "}\n"...)
}

// ID stands for the content of an item: it is the beginning of a SHA-256. Two different items have the same ID with a
// probability of 1 in 10^28.
type ID [12]byte

// Identify returns the ID of an item: the hash of its fields, each after its length.
func Identify(it job.Item) (id ID) {
	var scratch [256]byte
	b := scratch[:0]
	for _, f := range it.Fields {
		b = binary.AppendUvarint(b, uint64(len(f)))
		b = append(b, f...)
	}
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

// TakeBack writes that the replies of these persistent programs do not count. It may be called while Add runs: the order
// of their lines does not matter.
func (w *Writer) TakeBack(programs []int, why error) error {
	return w.write(record.AppendTakenBack(nil, record.TakenBack{Programs: programs, Error: why.Error(), Time: now()}))
}

// flush writes the lines that Add has gathered.
func (w *Writer) flush() error {
	err := w.write(w.buf)
	const most = 1 << 20
	if cap(w.buf) > most {
		w.buf = nil
	}
	w.buf = w.buf[:0]
	return err
}

// write writes whole lines. If that fails, it cuts off the part that was written.
func (w *Writer) write(lines []byte) error {
	w.busy.Add(1)
	defer w.busy.Add(-1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	for b := lines; len(b) > 0; {
		n, err := sysio.Write(int(w.file.f.Fd()), b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			w.file.f.Truncate(w.file.size) // if that fails, the next run cuts it off
			w.err = fmt.Errorf("%w; --resume runs again what it does not have", wrong(w.file.path, err))
			return w.err
		}
		b = b[n:]
	}
	w.file.size += int64(len(lines))
	w.dirty = w.dirty || len(lines) > 0
	if w.sync == SyncAlways {
		w.syncNow()
	}
	return w.err
}

// syncNow syncs the journal. The caller holds the lock.
func (w *Writer) syncNow() {
	if !w.dirty || w.err != nil || w.sync == SyncNever {
		return
	}
	w.dirty = false
	if err := w.fsync(); err != nil {
		w.err = notSynced(w.file.path, err)
	}
}

func (w *Writer) fsync() error {
	w.busy.Add(1)
	defer w.busy.Add(-1)
	return w.file.f.Sync()
}

// Busy reports whether something is being written or synced. Any goroutine may ask.
func (w *Writer) Busy() bool { return w.busy.Load() > 0 }

func (w *Writer) syncEachSecond() {
	defer close(w.ended)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.stop:
			return
		}
		w.syncBeside()
	}
}

// syncBeside syncs without the lock: a sync can take long, and lines may be written meanwhile.
func (w *Writer) syncBeside() {
	w.mu.Lock()
	wanted := w.dirty && w.err == nil && w.sync != SyncNever
	w.dirty = w.dirty && !wanted
	w.mu.Unlock()
	if !wanted {
		return
	}
	if err := w.fsync(); err != nil {
		w.mu.Lock()
		w.err = notSynced(w.file.path, err)
		w.mu.Unlock()
	}
}

// notSynced explains a sync that failed.
func notSynced(path string, err error) error {
	hint := ""
	if sysio.Refused(errors.Unwrap(err)) {
		hint = "; use --journal-sync none to do without"
	}
	return fmt.Errorf("%w%s", wrong(path, err), hint)
}

// Close syncs and closes the journal. It returns the first error of the Writer.
func (w *Writer) Close() error {
	close(w.stop)
	<-w.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	w.syncNow()
	if err := w.file.f.Close(); err != nil && w.err == nil {
		w.err = wrong(w.file.path, err)
	}
	return w.err
}
