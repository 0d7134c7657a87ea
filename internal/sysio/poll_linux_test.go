package sysio

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPollByEpoll: where ppoll is refused, the answers are the same.
func TestPollByEpoll(t *testing.T) {
	var full, empty, hungUp [2]int
	for _, p := range []*[2]int{&full, &empty, &hungUp} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(p[0])
	}
	defer unix.Close(full[1])
	defer unix.Close(empty[1])
	for err := error(nil); err == nil; {
		_, err = unix.Write(full[1], make([]byte, 4096))
	}
	unix.Close(hungUp[1])
	file, err := os.Open("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	const closed = 9999
	for name, fds := range map[string][]unix.PollFd{
		"readable":         {{Fd: int32(full[0]), Events: unix.POLLIN}, {Fd: int32(empty[0]), Events: unix.POLLIN}},
		"writable":         {{Fd: int32(full[1]), Events: unix.POLLOUT}, {Fd: int32(empty[1]), Events: unix.POLLOUT}},
		"hung up":          {{Fd: int32(hungUp[0]), Events: unix.POLLIN}},
		"hung up, unasked": {{Fd: int32(hungUp[0])}, {Fd: int32(empty[0])}},
		"closed":           {{Fd: closed, Events: unix.POLLIN}},
		"left out":         {{Fd: -1, Events: unix.POLLIN}, {Fd: int32(full[0]), Events: unix.POLLIN}},
		"a file":           {{Fd: int32(file.Fd()), Events: unix.POLLIN}, {Fd: int32(empty[0]), Events: unix.POLLIN}},
		"nothing":          {{Fd: int32(empty[0]), Events: unix.POLLIN}},
	} {
		want := append([]unix.PollFd(nil), fds...)
		wantN, wantErr := unix.Poll(want, 5)
		for i := range fds {
			fds[i].Revents = 0x7f // of an earlier call
		}
		n, err := pollByEpoll(fds, 5)
		if n != wantN || err != wantErr {
			t.Errorf("%s: %d, %v; want %d, %v", name, n, err, wantN, wantErr)
		}
		for i := range fds {
			if fds[i] != want[i] {
				t.Errorf("%s: %+v, want %+v", name, fds[i], want[i])
			}
		}
	}
	began := time.Now()
	if n, err := pollByEpoll([]unix.PollFd{{Fd: int32(empty[0]), Events: unix.POLLIN}}, 50); n != 0 || err != nil || time.Since(began) < 40*time.Millisecond {
		t.Errorf("%d, %v after %v", n, err, time.Since(began))
	}
}
