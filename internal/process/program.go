package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"

	"fanout/internal/sysio"

	"golang.org/x/sys/unix"
)

// Program is a process that outlives a job, such as a worker, and that is talked to
// by pipes. When it ends, everything that it has started is ended, unless it was
// dismissed.
type Program struct {
	Stdin, Stdout *os.File // our ends, which are the caller's to close

	tree      *Tree
	pid       int
	end       context.CancelFunc
	dismissed atomic.Bool
	ended     chan struct{}
	result    Result
}

// StartProgram starts c, whose environment has the mark, with pipes as its standard
// input and output. Its standard error goes to stderr, which may be Inheritable.
func (s *Supervisor) StartProgram(c Command, mark string, stderr io.Writer) (*Program, error) {
	tree, err := s.NewTree()
	if err != nil {
		return nil, err
	}
	p := &Program{tree: tree, ended: make(chan struct{})}
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	tree.Begin(ctx, mark)
	if err := p.start(c, stderr); err != nil {
		if NoRoom(err) {
			err = fmt.Errorf("no room for one more process: %w", err)
		}
		end()
		tree.Finish()
		s.drop(tree)
		return nil, err
	}
	go p.watch()
	return p, nil
}

func (p *Program) start(c Command, stderr io.Writer) error {
	in, inOurs, err := pipe()
	if err != nil {
		return err
	}
	defer unix.Close(in)
	outOurs, out, err := pipe()
	if err != nil {
		unix.Close(inOurs)
		return err
	}
	defer unix.Close(out)
	c.Stdin = in
	c.Stdout, c.Stderr, err = p.tree.Capture(inherit(out), stderr)
	if err == nil {
		err = errors.Join(nonblocking(inOurs), nonblocking(outOurs))
	}
	if err == nil {
		err = p.tree.Start(&c)
	}
	if err != nil {
		unix.Close(inOurs)
		unix.Close(outOurs)
		return err
	}
	p.pid = p.tree.Pid()
	p.tree.Seal()
	p.Stdin = os.NewFile(uintptr(inOurs), "standard input of "+c.Path)
	p.Stdout = os.NewFile(uintptr(outOurs), "standard output of "+c.Path)
	return nil
}

func nonblocking(fd int) error { return os.NewSyscallError("fcntl", unix.SetNonblock(fd, true)) }

// inherit is a descriptor as a process gets it.
type inherit int

func (fd inherit) Fd() int { return int(fd) }

func (fd inherit) Write(b []byte) (int, error) { return sysio.Write(int(fd), b) }

func (p *Program) watch() {
	defer close(p.ended)
	p.result = p.tree.Wait()[0]
	if !p.tree.Terminated() && !p.dismissed.Load() {
		p.tree.endLeft()
	}
	p.tree.Finish()
	p.tree.sup.drop(p.tree)
	p.end()
}

// endLeft ends what a process that has ended by itself has left behind.
func (t *Tree) endLeft() {
	t.terminate()
	t.awaitRest()
}

// drop gives up a Tree before its Supervisor ends.
func (s *Supervisor) drop(t *Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trees = slices.DeleteFunc(s.trees, func(other *Tree) bool { return other == t })
	t.close()
	s.threads.giveThread()
}

// Dismiss says that what the program leaves behind at its end is let be.
func (p *Program) Dismiss() { p.dismissed.Store(true) }

// Stop ends the program and everything that it has started: TERM, and KILL after the
// grace. Wait returns then.
func (p *Program) Stop() { p.end() }

// Kill is Stop without the grace.
func (p *Program) Kill() {
	p.tree.hurry.Store(true)
	p.end()
	p.tree.sup.rouse(p.tree)
}

// rouse has a Tree look around, if it is still one.
func (s *Supervisor) rouse(t *Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.trees, t) {
		t.wake.signal()
	}
}

// OverMemory is how much memory the program and what it has started had when they were
// ended for that, else 0. It is known after Wait.
func (p *Program) OverMemory() int64 { return p.tree.OverMemory() }

// Fault is what Trace finds of the program, when it was a fanout and has ended.
func (p *Program) Fault() (reason, file string) { return Trace(p.pid) }

// Wait returns how the program has ended, when nothing of it is left.
func (p *Program) Wait() Result {
	<-p.ended
	return p.result
}
