package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Program is a process that outlives jobs, such as a worker, and that is talked to by pipes. When it ends, all that it
// has started is ended, unless it was dismissed.
type Program struct {
	Stdin, Stdout *os.File // our ends, which the caller closes

	tree      *Tree
	pid       int
	end       context.CancelFunc
	dismissed atomic.Bool
	ended     chan struct{}
	result    Result
}

// StartProgram starts c, whose environment has the job ID, with pipes as its standard input and output. Its standard
// error goes to stderr, which may be [Inheritable].
func (s *Supervisor) StartProgram(c Command, jobID string, stderr io.Writer) (*Program, error) {
	tree, err := s.NewTree()
	if err != nil {
		return nil, err
	}
	p := &Program{tree: tree, ended: make(chan struct{})}
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	tree.Begin(ctx, jobID)
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

func (p *Program) watch() {
	defer close(p.ended)
	p.result = p.tree.Wait()[0]
	if !p.tree.Terminated() && !p.dismissed.Load() {
		p.tree.terminateAll()
	}
	p.tree.Finish()
	p.tree.sup.drop(p.tree)
	p.end()
}

// drop closes a Tree before its Supervisor ends.
func (s *Supervisor) drop(t *Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trees = slices.DeleteFunc(s.trees, func(other *Tree) bool { return other == t })
	t.close()
	s.threads.giveThread()
}

// Dismiss lets the leftovers of the program run on after its end.
func (p *Program) Dismiss() { p.dismissed.Store(true) }

// Stop ends the program and all that it has started: TERM, and KILL after the grace. Wait returns then.
func (p *Program) Stop() { p.end() }

// Kill is Stop without the grace.
func (p *Program) Kill() {
	p.tree.noGrace.Store(true)
	p.end()
	p.tree.sup.rouse(p.tree)
}

// rouse wakes a Tree, if it is still one of ours.
func (s *Supervisor) rouse(t *Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.trees, t) {
		t.wake.signal()
	}
}

// OverMemory returns how much memory the program and its descendants had when they were ended for that, else 0. It is
// known after Wait.
func (p *Program) OverMemory() int64 { return p.tree.OverMemory() }

// Fault returns what [Trace] finds of the program, when it was a fanout and has ended.
func (p *Program) Fault() (reason, file string) { return Trace(p.pid) }

// Wait waits until the program and all that it has started have ended, and returns the program's result.
func (p *Program) Wait() Result {
	<-p.ended
	return p.result
}
