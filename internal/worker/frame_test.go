package worker

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"fanout/internal/job"
)

func framed(bodies ...[]byte) []byte {
	var b []byte
	for i, body := range bodies {
		start := len(b)
		b = append(beginFrame(b, kind(body[0])), body[1:]...)
		endFrame(b, start, uint32(i))
	}
	return b
}

func TestFrames(t *testing.T) {
	large := append([]byte{byte(kindOutput)}, bytes.Repeat([]byte("0123456789"), 300_000)...)
	bodies := [][]byte{{byte(kindPing)}, []byte("\x01hello"), large, {byte(kindBye)}}
	f := newFrames(bytes.NewReader(framed(bodies...)))
	for _, want := range bodies {
		k, body, err := f.read()
		if err != nil || k != kind(want[0]) || !bytes.Equal(body, want[1:]) {
			t.Fatalf("kind %d, %d bytes, %v; want kind %d, %d bytes", k, len(body), err, want[0], len(want)-1)
		}
	}
	if _, _, err := f.read(); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
}

// TestBrokenFrames changes, drops and doubles each byte of two frames: what is read is the
// truth or an error.
func TestBrokenFrames(t *testing.T) {
	bodies := [][]byte{[]byte("\x01first"), []byte("\x02second")}
	whole := framed(bodies...)
	try := func(what string, at int, bytesRead []byte) {
		f := newFrames(bytes.NewReader(bytesRead))
		for _, want := range bodies {
			k, body, err := f.read()
			if err != nil {
				if !errors.Is(err, ErrBroken) && err != io.EOF {
					t.Errorf("%s at %d: %v", what, at, err)
				}
				return
			}
			if k != kind(want[0]) || !bytes.Equal(body, want[1:]) {
				t.Errorf("%s at %d: read kind %d %q", what, at, k, body)
			}
		}
		if what == "changed" {
			t.Errorf("%s at %d: not noticed", what, at)
		}
	}
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x10
		try("changed", at, changed)
		try("cut", at, whole[:at])
		try("dropped", at, append(bytes.Clone(whole[:at]), whole[at+1:]...))
		try("doubled", at, append(bytes.Clone(whole[:at+1]), whole[at:]...))
	}
	half := len(framed(bodies[0]))
	try("first frame doubled", 0, append(bytes.Clone(whole[:half]), whole...))
	try("first frame dropped", 0, whole[half:])
}

func FuzzFrames(f *testing.F) {
	f.Add(framed([]byte("\x01a"), []byte("\x04b")))
	f.Add(framed(append([]byte{byte(kindRun)}, appendJob([]byte{7}, someJob())...)))
	f.Add([]byte(strings.Repeat("\xff", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newFrames(bytes.NewReader(b))
		for {
			_, body, err := r.read()
			if err != nil {
				if err != io.EOF && !errors.Is(err, ErrBroken) {
					t.Fatalf("%v", err)
				}
				break
			}
			decodeAll(t, body)
		}
		decodeAll(t, b)
	})
}

// decodeAll has every decoder look at a body. What it accepts must be what it would write.
func decodeAll(t *testing.T, body []byte) {
	j := decoder{rest: string(body)}
	if decoded := j.job(); j.end() == nil {
		again := decoder{rest: string(appendJob(nil, decoded))}
		if second := again.job(); again.end() != nil || !reflect.DeepEqual(decoded, second) {
			t.Fatalf("%+v becomes %+v", decoded, second)
		}
	}
	st := decoder{rest: string(body)}
	if decoded := st.status(); st.end() == nil {
		again := decoder{rest: string(appendStatus(nil, decoded))}
		if second := again.status(); again.end() != nil || !reflect.DeepEqual(decoded, second) {
			t.Fatalf("%+v becomes %+v", decoded, second)
		}
	}
	var setup Setup
	_ = decodeValue(body, &setup) // it may not crash
}

func someJob() job.Job {
	return job.Job{Index: 3, Attempt: 2, Items: []job.Item{
		{Seq: 5, Fields: []string{"a b", "a", "b"}},
		{Seq: 6, Fields: []string{"\x00\xff\n"}},
	}}
}

func TestMessages(t *testing.T) {
	j := someJob()
	read := decoder{rest: string(appendJob(nil, j))}
	if got := read.job(); read.end() != nil || !reflect.DeepEqual(got, j) {
		t.Errorf("%+v becomes %+v", j, got)
	}
	st := job.Status{
		Outcome: job.Signaled, Code: 255, Signal: syscall.SIGKILL, Limit: time.Hour, Err: errors.New("why"), Held: true,
		Usage: job.Usage{Wall: 1, User: 2, System: 3, MaxRSS: 1 << 40},
	}
	read = decoder{rest: string(appendStatus(nil, st))}
	if got := read.status(); read.end() != nil || !reflect.DeepEqual(got, st) {
		t.Errorf("%+v becomes %+v", st, got)
	}
}

// TestPreface checks what readPreface says of a wrong other side.
func TestPreface(t *testing.T) {
	for said, want := range map[string]string{
		preface():                        "",
		"fanout worker protocol 2\n":     "speaks version 2 of the worker protocol, this fanout version 1",
		"Welcome to host\n":              `it said "Welcome to host"`,
		"no newline":                     `it said "no newline"`,
		strings.Repeat("x", 1000) + "\n": "it said",
	} {
		err := readPreface(newFrames(strings.NewReader(said)).r)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40q: %v, want %q", said, err, want)
		}
	}
}
