package worker

import (
	"errors"
	"fmt"
	"io"
	"time"

	"fanout/internal/job"
	"fanout/internal/pool"
	"fanout/internal/text"
)

// run serves the worker until it is gone.
func (c *client) run() {
	defer close(c.over)
	c.others.Go(func() {
		if err := c.out.Copy(c.link); err == nil {
			c.link.Close()
		}
	})
	c.others.Go(c.beat)
	why := c.read()
	c.worker.Leave()
	// Jobs that have not begun need not wait for the end of the others.
	exact := c.link.Lossless() && errors.Is(why, io.EOF)
	for _, f := range c.unbegun(exact) {
		c.worker.Return(f.task)
	}
	c.out.Close()
	c.mu.Lock()
	bye := c.bye
	c.mu.Unlock()
	if !bye || why != io.EOF {
		c.link.Kill()
	}
	why = c.cause(why, c.link.Wait())
	c.link.Close()
	close(c.dead)
	c.others.Wait()
	c.mu.Lock()
	c.gone = true
	if c.leaving != nil {
		c.leaving.Stop()
	}
	c.mu.Unlock()
	for _, f := range c.rest() {
		how := "died"
		if f.ended {
			how = "died a moment after the job's end, perhaps for the same reason"
		}
		c.finish(f, job.Status{Outcome: job.Lost, Err: fmt.Errorf("worker %d %s: %w", c.worker.Number, how, why)})
	}
	if bye {
		why = nil
	}
	c.worker.Gone(why)
}

// cause returns why a worker has ended: reading ended with err, and the process as how says.
func (c *client) cause(err, how error) error {
	var hopeless *pool.HopelessError
	switch {
	case errors.As(err, &hopeless):
		return err
	case c.ending != "":
		return errors.New(c.ending)
	case c.silent.Load() > 0:
		return fmt.Errorf("silent for %v", time.Duration(c.silent.Load()))
	case errors.Is(err, ErrBroken) && !errors.Is(err, io.EOF):
		return err
	case how != nil:
		return how
	default:
		return errors.New("it ended by itself")
	}
}

// read handles the worker's frames until the end.
func (c *client) read() error {
	f := newFrames(c.link)
	if err := readPreface(f.r); err != nil {
		if err == io.EOF || errors.Is(err, ErrBroken) {
			return err
		}
		return c.hopeless(err)
	}
	for {
		k, body, err := f.read()
		if err != nil {
			return err
		}
		c.heard.Store(true)
		c.words.Add(1)
		if err := c.obey(k, body); err != nil {
			return err
		}
	}
}

// hopeless returns the error of a worker where another would fail in the same way.
func (c *client) hopeless(err error) error {
	if c.worker.Host != "" {
		return &pool.HopelessError{Err: fmt.Errorf("%s: %w", text.Name(c.worker.Host), err)}
	}
	var path interface{ Timeout() bool }
	if errors.As(err, &path) { // of the pipe, not of what came through it
		return err
	}
	return &pool.HopelessError{Err: fmt.Errorf("worker %d: %w", c.worker.Number, err)}
}

// obey handles one frame.
func (c *client) obey(k kind, body []byte) error {
	switch k {
	case kindPong:
		c.pong()
		return nil
	case kindHello:
		var h Hello
		err := decodeValue(body, &h)
		if err == nil && c.setup.Remote != nil && c.worker.Machine == "" {
			c.met(h)
		}
		return err
	case kindRefused:
		return c.hopeless(refusal(body))
	case kindOutput:
		return c.output(body)
	case kindEnding:
		c.ending = string(body)
		c.worker.Leave()
		return nil
	}
	t := decoder{rest: string(body)}
	id := t.number()
	var st job.Status
	if k == kindDone {
		st = t.status()
	}
	if err := t.end(); err != nil {
		return err
	}
	if k == kindLeftovers {
		c.worker.Leftovers(int(id))
		return nil
	}
	f := c.flight(id)
	if f == nil {
		return broken("a frame about job %d, which the worker does not have", id)
	}
	switch k {
	case kindStarted:
		f.begun = true
		c.worker.Begun(f.task)
	case kindEnded:
		c.ended(f)
	case kindDone:
		c.finish(f, st)
	case kindReturned:
		c.mu.Lock()
		delete(c.flights, id)
		c.mu.Unlock()
		c.worker.Return(f.task)
	default:
		return broken("kind %d from the worker", k)
	}
	return nil
}
