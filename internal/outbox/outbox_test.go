package outbox

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

func text(s string) func([]byte) []byte { return func(b []byte) []byte { return append(b, s...) } }

// What is added during a write goes out in one piece, and nobody waits for the reader.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New()
		r, w := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- o.Copy(w) }()
		read := func() string {
			b := make([]byte, 100)
			n, _ := r.Read(b)
			return string(b[:n])
		}
		o.Add(text("one "))
		o.Flush()
		synctest.Wait()
		o.Add(text("two "))
		o.Flush()
		o.Add(text("three "))
		o.FlushSoon()
		if got := read(); got != "one " {
			t.Errorf("first %q", got)
		}
		if got := read(); got != "two three " {
			t.Errorf("then %q", got)
		}
		o.Add(text("last"))
		o.Close()
		o.Add(text("too late"))
		if got := read(); got != "last" {
			t.Errorf("at last %q", got)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestDirect(t *testing.T) {
	var to bytes.Buffer
	d := NewDirect(&to)
	d.Add(text("one "))
	if to.Len() > 0 {
		t.Errorf("%q is out before the flush", to.String())
	}
	d.Add(text("two"))
	if err := d.Flush(); err != nil || to.String() != "one two" {
		t.Errorf("%q, %v", to.String(), err)
	}
	if d.Add(text(strings.Repeat("x", Plenty))); to.Len() < Plenty {
		t.Error("plenty has not gone out by itself")
	}
	to.Reset()
	d.Close()
	d.Add(text("too late"))
	if err := d.Flush(); err != nil || to.Len() > 0 {
		t.Errorf("after the end: %q, %v", to.String(), err)
	}
}

func TestDirectFails(t *testing.T) {
	r, w := io.Pipe()
	gone := errors.New("gone")
	r.CloseWithError(gone)
	d := NewDirect(w)
	d.Add(text("x"))
	if err := d.Flush(); err != gone {
		t.Error(err)
	}
}
