package sink

import (
	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// spliceMax is as much as an enlarged pipe holds.
const spliceMax = 1 << 20

// Splice moves bytes from a pipe past our memory: 300 MB cost 76–109 ms of CPU
// this way and 128–164 ms by a buffer of 1 MiB. The answer can be EAGAIN: the
// pipe holds something, so it is the File that has no room. ok is false when
// this File cannot be spliced to: a file open for appending and most terminals
// cannot, and some systems refuse it for all.
func (f *File) Splice(pipe int) (n int, ok bool, err error) {
	if f.noSplice {
		return 0, false, nil
	}
	for {
		n, err := sysio.Splice(pipe, f.fd, spliceMax, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		switch {
		case err == unix.EINTR:
		case sysio.Refused(err):
			f.noSplice = true
			return 0, false, nil
		default:
			f.moved.Add(int64(n))
			return n, true, f.check(err)
		}
	}
}

// SendFile writes up to n bytes of a file, from off, past what was gathered. Like
// TryWrite it may answer EAGAIN.
func (f *File) SendFile(file int, off int64, n int) (int, error) {
	for !f.noSendfile {
		sent, err := sysio.Sendfile(f.fd, file, off, n)
		switch {
		case err == unix.EINTR:
		case sysio.Refused(err):
			f.noSendfile = true
		default:
			f.moved.Add(int64(sent))
			return sent, f.check(err)
		}
	}
	return f.copyFile(file, off, n)
}

func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
