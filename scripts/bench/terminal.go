package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// terminal is one for a program, with someone who reads all that is drawn.
type terminal struct {
	ours, program *os.File
	read          chan int64 // bytes, when the program's end is closed by all
}

func openTerminal() (*terminal, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a terminal: %w", err)
	}
	t := &terminal{ours: os.NewFile(uintptr(fd), "ptmx"), read: make(chan int64, 1)}
	if t.program, err = programsEnd(fd); err != nil {
		t.ours.Close()
		return nil, fmt.Errorf("a terminal: %w", err)
	}
	go func() {
		n, _ := io.Copy(io.Discard, t.ours) // it ends with EIO
		t.read <- n
	}()
	return t, nil
}

// programsEnd opens the other end, 30 rows of 100 columns.
func programsEnd(fd int) (*os.File, error) {
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}); err != nil {
		return nil, err
	}
	return os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
}

// close tells how many bytes were drawn. The program has ended.
func (t *terminal) close() int64 {
	t.program.Close()
	n := <-t.read
	t.ours.Close()
	return n
}
