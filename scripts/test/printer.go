package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// printer writes lines. Its heartbeat prints something when nothing was printed for a while.
type printer struct {
	mu   sync.Mutex
	w    io.Writer
	last time.Time

	failures int
}

// quiet is the longest time without a line.
const quiet = 30 * time.Second

func newPrinter(w io.Writer) *printer { return &printer{w: w, last: time.Now()} }

func (p *printer) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.last = time.Now()
}

// failure reports a failure, with its output unless there were many.
func (p *printer) failure(what string, output []string) {
	const shown = 25
	p.line("FAIL %s", what)
	if p.failures++; p.failures <= shown {
		p.excerpt(output)
	}
}

// excerpt shows the beginning and the end of an output. The log has all of it.
func (p *printer) excerpt(lines []string) {
	const begin, end, width = 60, 100, 2000
	if cut := len(lines) - begin - end; cut > 0 {
		lines = append(append(lines[:begin:begin], fmt.Sprintf("[%d lines are left out here; .tools/test.log has them]", cut)), lines[begin+cut:]...)
	}
	for _, line := range lines {
		p.line("     %.*s", width, strings.TrimRight(line, "\n"))
	}
}

// heartbeat prints what runs whenever nothing was printed for a while, until its result is called.
func (p *printer) heartbeat(running func() string) (stop func()) {
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for tick := time.Tick(time.Second); ; {
			select {
			case <-ended:
				return
			case <-tick:
			}
			p.mu.Lock()
			silent := time.Since(p.last)
			p.mu.Unlock()
			if silent >= quiet {
				p.line("%s", running())
			}
		}
	})
	return func() {
		close(ended)
		all.Wait()
	}
}
