package persistent

import (
	"bytes"
	"strings"
	"testing"
)

func TestCodec(t *testing.T) {
	for _, tt := range []struct {
		protocol Protocol
		items    []string
		sent     string
		replies  []string
	}{
		{Lines, []string{"a", "", "b c"}, "a\n\nb c\n", []string{"a\n", "\n", "b c\n"}},
		{Nulls, []string{"a\nb", ""}, "a\nb\x00\x00", []string{"a\nb\x00", "\x00"}},
		{Frames, []string{"a\n\x00", ""}, "\x00\x00\x00\x03a\n\x00\x00\x00\x00\x00", []string{"a\n\x00", ""}},
	} {
		var b []byte
		for _, item := range tt.items {
			if err := tt.protocol.check(item); err != nil {
				t.Errorf("%v, %q: %v", tt.protocol, item, err)
			}
			b = tt.protocol.appendItem(b, item)
		}
		if string(b) != tt.sent {
			t.Errorf("%v: sent %q, want %q", tt.protocol, b, tt.sent)
		}
		for i, want := range tt.replies {
			reply, n, err := tt.protocol.cut(b)
			if err != nil || n == 0 || string(reply) != want {
				t.Fatalf("%v: reply %d is %q, %d, %v, want %q", tt.protocol, i, reply, n, err, want)
			}
			if _, cut, err := tt.protocol.cut(b[:n-1]); cut != 0 || err != nil {
				t.Errorf("%v: %q is taken for a reply, %v", tt.protocol, b[:n-1], err)
			}
			b = b[n:]
		}
		if len(b) > 0 {
			t.Errorf("%v: %q is left", tt.protocol, b)
		}
	}
	for _, bad := range []struct {
		protocol Protocol
		item     string
		hint     string
	}{{Lines, "a\nb", "-0 or --frames"}, {Nulls, "a\x00b", "--frames"}} {
		if err := bad.protocol.check(bad.item); err == nil || !strings.Contains(err.Error(), bad.hint) {
			t.Errorf("%v, %q: %v", bad.protocol, bad.item, err)
		}
	}
	if _, _, err := Frames.cut([]byte("text that is no frame")); err == nil || !strings.Contains(err.Error(), `got "text"`) {
		t.Errorf("text instead of frames: %v", err)
	}
}

func FuzzCut(f *testing.F) {
	f.Add(uint8(0), []byte("a\nb\n"))
	f.Add(uint8(2), []byte("\x00\x00\x00\x01a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, protocol uint8, b []byte) {
		p := Protocol(protocol % 3)
		for len(b) > 0 {
			reply, n, err := p.cut(b)
			if err != nil || n == 0 {
				return
			}
			if n > len(b) || len(reply) > n {
				t.Fatalf("a reply of %d bytes that took %d of %d", len(reply), n, len(b))
			}
			if p != Frames && bytes.Count(reply, reply[len(reply)-1:]) != 1 {
				t.Fatalf("reply %q", reply)
			}
			b = b[n:]
		}
	})
}
