package sink

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"
)

func fill(t *testing.T, f *File) {
	t.Helper()
	for range 1 << 20 {
		if _, full, err := f.TryWrite(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		} else if full {
			return
		}
	}
	t.Fatal("never full")
}

// TestStop: no wait for a reader that takes nothing outlasts it by much.
func TestStop(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (r, w *os.File){"pipe": testkit.Pipe, "socket": socketPair} {
		t.Run(name, func(t *testing.T) {
			_, w := make(t)
			f := file(t, testkit.Descriptor(t, w))
			fill(t, f)
			time.AfterFunc(10*time.Millisecond, f.Stop)
			testkit.Within(t, patient, "AwaitMoment", func() {
				for !f.AwaitMoment() {
				}
			})
			began := time.Now()
			testkit.Within(t, patient, "AwaitReader", func() {
				if err := f.AwaitReader(); err != ErrStopped {
					t.Errorf("AwaitReader: %v", err)
				}
			})
			if took := time.Since(began); took < lastWait {
				t.Errorf("after %v", took)
			}
			testkit.Within(t, patient, "Flush", func() {
				f.Write([]byte("x"))
				if err := f.Flush(); err != ErrStopped {
					t.Errorf("Flush: %v", err)
				}
			})
		})
	}
}

// TestAwaitMomentIsShort: a job whose output is not taken can be ended meanwhile.
func TestAwaitMomentIsShort(t *testing.T) {
	_, w := testkit.Pipe(t)
	f := file(t, testkit.Descriptor(t, w))
	fill(t, f)
	testkit.Within(t, patient, "AwaitMoment", func() {
		if f.AwaitMoment() {
			t.Error("stopped")
		}
	})
}

// TestStopWhileMoving: not even the calls that move bytes past our memory are
// held up by a reader that takes nothing.
func TestStopWhileMoving(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (r, w *os.File){"pipe": testkit.Pipe, "socket": socketPair} {
		t.Run(name, func(t *testing.T) {
			r, w := make(t)
			defer r.Close() // before all else: it sets free what hangs
			f := file(t, testkit.Descriptor(t, w))
			fill(t, f)
			from, to := testkit.Pipe(t)
			to.Write([]byte("x"))
			testkit.Within(t, patient/6, "Splice", func() {
				if _, full, err := f.Splice(testkit.Descriptor(t, from)); !full && err != errors.ErrUnsupported {
					t.Errorf("Splice: %v", err)
				}
			})
			spilled, err := os.CreateTemp(t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer spilled.Close()
			spilled.WriteString(strings.Repeat("x", 1<<20))
			testkit.Within(t, patient/6, "SendFile", func() {
				if _, full, err := f.SendFile(testkit.Descriptor(t, spilled), 0, 1<<20); !full || err != nil {
					t.Errorf("SendFile: %v", err)
				}
			})
		})
	}
}

// TestSlowReader: after Stop, a slow reader gets everything as long as it reads on.
func TestSlowReader(t *testing.T) {
	r, w := testkit.Pipe(t)
	f := file(t, testkit.Descriptor(t, w))
	f.Stop()
	text := strings.Repeat("0123456789", 50_000)
	got := make(chan int)
	go func() {
		n := 0
		for buf := make([]byte, 16<<10); ; time.Sleep(time.Millisecond) {
			k, err := r.Read(buf)
			if n += k; err != nil {
				got <- n
				return
			}
		}
	}()
	if _, err := f.Write([]byte(text)); err != nil {
		t.Error(err)
	}
	f.Close()
	w.Close()
	if n := <-got; n != len(text) {
		t.Errorf("%d of %d bytes", n, len(text))
	}
}

// TestGap: nothing is written behind what was given up, even when the reader is there again.
func TestGap(t *testing.T) {
	r, w := testkit.Pipe(t)
	f := file(t, testkit.Descriptor(t, w))
	f.Stop()
	testkit.Within(t, patient, "Write", func() {
		if _, err := f.Write(make([]byte, 4<<20)); !errors.Is(err, ErrStopped) {
			t.Errorf("after Stop: %v", err)
		}
	})
	moved := f.Moved()
	if _, err := io.ReadFull(r, make([]byte, moved)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := f.TryWrite([]byte("x")); n != 0 || !errors.Is(err, ErrStopped) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestReaderGone(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (r, w *os.File){"pipe": testkit.Pipe, "socket": socketPair} {
		r, w := make(t)
		f := file(t, testkit.Descriptor(t, w))
		if !f.CanLoseReader() {
			t.Errorf("%s: has no reader", name)
		}
		gone := goneLater(f)
		r.Close()
		if !<-gone {
			t.Errorf("%s: the end of the reader was not seen", name)
		}
		f.Write([]byte("x"))
		if err := f.Flush(); !errors.Is(err, ErrReaderGone) {
			t.Errorf("%s: %v", name, err)
		}
		_, w = make(t)
		f = file(t, testkit.Descriptor(t, w))
		gone = goneLater(f)
		f.Stop()
		if <-gone {
			t.Errorf("%s: the reader is still there", name)
		}
	}
	null, _ := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	defer null.Close()
	if file(t, testkit.Descriptor(t, null)).CanLoseReader() {
		t.Error("/dev/null has a reader")
	}
	if file(t, 1<<20).CanLoseReader() {
		t.Error("what is not open has a reader")
	}
}

func goneLater(f *File) <-chan bool {
	gone := make(chan bool)
	go func() { gone <- f.AwaitReaderGone() }()
	return gone
}
