package persistent

import (
	"io"
	"time"

	"fanout/internal/job"
)

// read takes replies until the end of the program's output, or a surplus one.
func (p *program) read() error {
	buf := make([]byte, 0, 64<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
		n, err := p.process.Stdout.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest, bad := p.take(buf)
		if bad != nil {
			return bad
		}
		if cap(buf) > 1<<20 && len(rest) < 64<<10 {
			buf = append(make([]byte, 0, 64<<10), rest...)
		} else {
			buf = buf[:copy(buf[:cap(buf)], rest)]
		}
		if err != nil {
			return io.EOF
		}
	}
}

// take attributes the replies that have come as a whole, and returns the rest of b.
func (p *program) take(b []byte) (rest []byte, err error) {
	now := time.Now()
	for len(b) > 0 {
		reply, n, err := p.starter.Spec.Protocol.cut(b)
		p.mu.Lock()
		if err != nil && len(p.items) > 0 {
			p.mu.Unlock()
			return nil, err
		}
		if len(p.items) == 0 || len(p.items) == 1 && n > 0 && len(b) > n {
			// It has no item, or more than the reply to its only one.
			p.mu.Unlock()
			return nil, errSurplus
		}
		if n == 0 {
			p.mu.Unlock()
			return b, nil
		}
		t := p.items[0]
		p.items[0] = nil
		p.items = p.items[1:]
		if !p.replied {
			p.replied = true
			p.first.Stop()
		}
		told := p.told
		p.told = true
		if len(p.items) > 0 {
			p.worker.BegunAt(p.items[0], now)
		}
		p.mu.Unlock()
		if !told {
			p.worker.BegunAt(t, now) // within its warm-up
		}
		t.Attempt.Output.Stdout.Write(reply) // where it fails, the run ends
		p.replies.Add(t.Attempt.Job)
		p.worker.DoneAt(t, job.Status{Program: p.number}, now)
		b = b[n:]
	}
	return b, nil
}
