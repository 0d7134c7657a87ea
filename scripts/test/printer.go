package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// printer writes lines, and has something said when nothing was written for a while.
type printer struct {
	mu   sync.Mutex
	w    io.Writer
	last time.Time

	failures int
}

// quiet is how long nothing may be printed.
const quiet = 30 * time.Second

func newPrinter(w io.Writer) *printer { return &printer{w: w, last: time.Now()} }

func (p *printer) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.last = time.Now()
}

// failure tells of something that failed, and shows what it printed, unless many have failed.
func (p *printer) failure(what string, output []string) {
	const shown = 25
	p.line("FAIL %s", what)
	if p.failures++; p.failures <= shown {
		p.excerpt(output)
	}
}

// excerpt shows the beginning and the end of an output; the log has all.
func (p *printer) excerpt(lines []string) {
	const begin, end, width = 60, 100, 2000
	if cut := len(lines) - begin - end; cut > 0 {
		lines = append(append(lines[:begin:begin], fmt.Sprintf("[%d lines are left out here; .tools/test.log has them]", cut)), lines[begin+cut:]...)
	}
	for _, line := range lines {
		p.line("     %.*s", width, strings.TrimRight(line, "\n"))
	}
}

// heartbeat says what runs whenever nothing was printed for a while, until the function that it returns is called.
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
