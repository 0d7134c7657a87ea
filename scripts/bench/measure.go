package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sample is one run of one program.
type sample struct {
	wall time.Duration
	cpu  time.Duration // user and system time of the program and of all jobs it waited for
	rss  int64         // peak, in bytes, of the program without its jobs
}

const (
	termGrace = 8 * time.Second
	keptLog   = 2 << 10
)

// measure runs c to its end, reads its stdout through check, and fails unless all of it went right: exit status 0, the
// right bytes, and at least that many forks on this machine, which is how the loss of a silent job is noticed.
func (s site) measure(ctx context.Context, c command, check check, forks int) (got sample, err error) {
	log, err := os.CreateTemp(filepath.Dir(s.dir), "stderr-")
	if err != nil {
		return got, err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	path := s.tools[c.argv[0]].path
	if path == "" {
		path = c.argv[0]
	}
	program := exec.Command(path, c.argv[1:]...)
	program.Dir, program.Env, program.Stderr = s.dir, s.env, log
	program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.terminal {
		screen, failed := openTerminal()
		if failed != nil {
			return got, failed
		}
		defer func() {
			if drawn := screen.close(); err == nil && drawn == 0 && c.draws {
				err = fmt.Errorf("%s: nothing was drawn on its terminal", c)
			}
		}()
		program.Stderr = screen.program
	}
	before := forksSoFar()
	got, err = s.observe(ctx, program, c.feed, check)
	if made := forksSoFar() - before; err == nil && before > 0 && made < forks {
		err = fmt.Errorf("only %d processes were started, not %d", made, forks)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w%s", c, err, tail(log))
	}
	return got, err
}

// observe owns all goroutines and descriptors of one run; all are gone when it returns.
func (s site) observe(ctx context.Context, program *exec.Cmd, feed string, check check) (got sample, err error) {
	fds := make([]int, 2)
	if err := unix.Pipe2(fds, unix.O_CLOEXEC); err != nil {
		return got, fmt.Errorf("making a pipe: %w", err)
	}
	out := &stream{fd: fds[0]}
	defer unix.Close(out.fd)
	stdout := os.NewFile(uintptr(fds[1]), "stdout")
	program.Stdout = stdout
	began := time.Now()
	waitFeed, err := s.startFeed(program, feed)
	if err == nil {
		err = program.Start()
	}
	stdout.Close()
	if in, ok := program.Stdin.(*os.File); ok {
		in.Close()
	}
	if err != nil {
		return got, errors.Join(err, waitFeed())
	}
	stop := make(chan struct{})
	peak := watchMemory(program.Process.Pid, stop)
	ladder := killWhenDone(ctx, program.Process.Pid, stop)
	checked := make(chan error, 1)
	go func() {
		err := check(out)
		// The rest is read as well, or a program with a wrong answer would block, or die of SIGPIPE.
		if !errors.Is(err, errHeldOpen) {
			_, rest := io.Copy(io.Discard, out)
			err = errors.Join(err, rest)
		}
		checked <- err
	}()
	ended := awaitExit(program.Process.Pid)
	got.wall = time.Since(began)
	close(stop)
	<-ladder
	out.ended.Store(true)
	got.rss = <-peak
	err = program.Wait()
	got.cpu = program.ProcessState.UserTime() + program.ProcessState.SystemTime()
	err = errors.Join(context.Cause(ctx), err, ended, <-checked)
	if fed := waitFeed(); err == nil {
		err = fed // after another failure it says only that nobody read to the end
	}
	return got, err
}

// startFeed starts the shell text whose output program reads. The function it returns waits for it and is never nil.
func (s site) startFeed(program *exec.Cmd, text string) (wait func() error, err error) {
	none := func() error { return nil }
	if text == "" {
		return none, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return none, err
	}
	shell := exec.Command("/bin/sh", "-c", text)
	shell.Dir, shell.Env, shell.Stdout = s.dir, s.env, w
	program.Stdin = r
	err = shell.Start()
	w.Close()
	if err != nil {
		return none, fmt.Errorf("starting %s: %w", text, err)
	}
	return func() error {
		if err := shell.Wait(); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		return nil
	}, nil
}

// killWhenDone ends the process group of pid when ctx is done: politely first, because a killed runner cannot clean up.
// It must be stopped before pid is reaped, while the number cannot belong to anyone else.
func killWhenDone(ctx context.Context, pid int, stop <-chan struct{}) <-chan struct{} {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-stop:
			return
		case <-ctx.Done():
			_ = unix.Kill(-pid, unix.SIGTERM)
		}
		select {
		case <-stop:
		case <-time.After(termGrace):
			_ = unix.Kill(-pid, unix.SIGKILL)
		}
	}()
	return finished
}

// awaitExit waits for the end of pid and leaves its zombie, and with it the rusage, to the caller.
func awaitExit(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err
		}
	}
}

// forksSoFar is the kernel's count of processes and threads since boot, or 0 where there is none.
func forksSoFar() int {
	text, _ := os.ReadFile("/proc/stat")
	_, rest, _ := bytes.Cut(text, []byte("\nprocesses "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.Atoi(string(line))
	return n
}

func tail(log *os.File) string {
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return ""
	}
	kept := make([]byte, min(end, keptLog))
	n, _ := log.ReadAt(kept, end-int64(len(kept)))
	return "\nits stderr ends: " + string(bytes.TrimSpace(kept[:n]))
}
