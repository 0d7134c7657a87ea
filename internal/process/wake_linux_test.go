package process

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestLateSignal(t *testing.T) {
	w, err := newWaker()
	if err != nil {
		t.Fatal(err)
	}
	was := w.fd()
	w.close()
	r, in, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(r)
	if in != was {
		if err := unix.Dup3(in, was, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		unix.Close(in)
	}
	defer unix.Close(was)
	w.signal()
	if n := unread(r); n != 0 {
		t.Fatalf("%d bytes went to who has the descriptor now", n)
	}
}
