// The terminal: bars at its end, and all else above them.

package progress

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"fanout/internal/sink"

	"golang.org/x/sys/unix"
)

// Screen is a terminal with bars at its end. All else that is printed on it comes through a pipe and scrolls above the
// bars, by whole lines.
type Screen struct {
	out  *sink.File // the terminal
	size func() (width, height int, err error)

	pipe  [2]*os.File
	ended chan struct{} // closed once all that came through the pipe is written

	mu     sync.Mutex
	next   bytes.Buffer // the frame that is being made
	frame  []byte       // the frame that is shown
	lines  int          // of the frame
	widths []int        // of these lines, to know how they wrap when the terminal gets narrower
	drawn  bool         // there were bars
	line   []byte       // the beginning of a line that came through the pipe
}

// NewScreen returns the Screen of a terminal. From now on its pipe is to be written to.
func NewScreen(terminal *os.File) (*Screen, error) {
	out, err := sink.NewFile(int(terminal.Fd()), "standard error")
	if err != nil {
		return nil, err
	}
	s := &Screen{out: out, ended: make(chan struct{})}
	s.size = func() (int, int, error) {
		ws, err := unix.IoctlGetWinsize(out.Fd(), unix.TIOCGWINSZ)
		if err != nil {
			return 0, 0, err
		}
		return int(ws.Col), int(ws.Row), nil
	}
	if s.pipe[0], s.pipe[1], err = os.Pipe(); err != nil {
		out.Close()
		return nil, err
	}
	go s.scroll()
	return s, nil
}

// Pipe returns what is written to in place of the terminal.
func (s *Screen) Pipe() *os.File { return s.pipe[1] }

// Stop lets nothing wait long for a terminal that takes no more.
func (s *Screen) Stop() { s.out.Stop() }

// scroll writes what comes through the pipe.
func (s *Screen) scroll() {
	defer close(s.ended)
	buf := make([]byte, 64<<10)
	for {
		n, err := s.pipe[0].Read(buf)
		if n > 0 {
			s.print(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// lineMax is how many bytes of a line are held back until it ends.
const lineMax = 64 << 10

// print writes whole lines above the bars.
func (s *Screen) print(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = append(s.line, text...)
	end := bytes.LastIndexByte(s.line, '\n') + 1
	if end == 0 && len(s.line) < lineMax {
		return
	}
	if end == 0 {
		end = len(s.line)
	}
	s.redraw(s.line[:end])
	s.line = append(s.line[:0], s.line[end:]...)
}

// redraw writes text where the bars were, and the bars below it.
func (s *Screen) redraw(text []byte) {
	var b bytes.Buffer
	s.erase(&b)
	b.Write(text)
	if len(s.frame) > 0 && len(text) > 0 && text[len(text)-1] != '\n' {
		b.WriteByte('\n')
	}
	b.Write(s.frame)
	s.out.Write(b.Bytes()) // when the terminal is gone, nobody can be told
	s.out.Flush()
}

// erase removes the bars, and what a key that was pressed has left below them: row by row, since tmux keeps a copy of
// what is erased all at once.
func (s *Screen) erase(b *bytes.Buffer) {
	if n := s.rows(); n > 0 {
		b.WriteString("\r\x1b[2K")
		b.WriteString(strings.Repeat("\x1b[1A\x1b[2K", n))
	}
}

// rows returns how many rows of the terminal the bars take: more than they have lines, if the terminal has become
// narrower since.
func (s *Screen) rows() int {
	width, _, err := s.size()
	if err != nil || width == 0 {
		return s.lines
	}
	rows := 0
	for _, w := range s.widths {
		rows += max(1, (w+width-1)/width)
	}
	return rows
}

// Write is part of mpb.ConsoleWriter. A frame is written line by line, and shown by Flush.
func (s *Screen) Write(p []byte) (int, error) { return s.next.Write(p) }

// ReadFrom is part of mpb.ConsoleWriter.
func (s *Screen) ReadFrom(r io.Reader) (int64, error) { return s.next.ReadFrom(r) }

// IsTerminal is part of mpb.ConsoleWriter.
func (s *Screen) IsTerminal() bool { return true }

// GetTermSize is part of mpb.ConsoleWriter. A terminal that does not know its size is taken for one of 80 by 24.
func (s *Screen) GetTermSize() (width, height int, err error) {
	if width, height, err = s.size(); err != nil || width <= 0 || height <= 0 {
		return 80, 24, nil
	}
	return width, height, nil
}

// Flush is part of mpb.ConsoleWriter.
func (s *Screen) Flush(int) error {
	s.show(s.next.Bytes())
	s.next.Reset()
	return nil
}

// show draws another frame.
func (s *Screen) show(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(frame, s.frame) {
		return
	}
	var b bytes.Buffer
	s.erase(&b)
	b.Write(frame)
	s.frame = append(s.frame[:0], frame...)
	s.drawn = s.drawn || len(frame) > 0
	s.lines, s.widths = 0, s.widths[:0]
	for line := range bytes.Lines(frame) {
		s.lines++
		s.widths = append(s.widths, columns(line))
	}
	s.out.Write(b.Bytes())
	s.out.Flush()
}

// Drawn reports whether there were bars.
func (s *Screen) Drawn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drawn
}

// Close removes the bars, once all that came through the pipe is written. It does not wait for others that still have
// the pipe open.
func (s *Screen) Close() {
	s.pipe[1].Close()
	s.pipe[0].SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	<-s.ended
	s.pipe[0].Close()
	s.show(nil)
	s.mu.Lock()
	if len(s.line) > 0 {
		s.redraw(append(s.line, '\n'))
	}
	s.mu.Unlock()
	s.out.Close()
}
