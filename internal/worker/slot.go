package worker

import (
	"context"
	"encoding/binary"
	"time"

	"fanout/internal/job"
)

// assigned is a job that the runner has sent.
type assigned struct {
	id      uint64
	job     job.Job
	cancel  context.CancelFunc
	credit  credit
	outlets [2]given // for its standard output and standard error
}

// assign takes a job in. It reuses what a job that has ended used: made anew for each, 5,000 short jobs grew a worker
// from 2.5 MiB of its own to 3.4.
func (s *server) assign(id uint64, j job.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a *assigned
	if last := len(s.idle) - 1; last >= 0 {
		a, s.idle = s.idle[last], s.idle[:last]
	} else {
		a = &assigned{}
		for i, fd := range s.outputs {
			a.outlets[i] = given{outlet: outlet{s: s, a: a, number: byte(i)}, fd: fd}
		}
	}
	a.id, a.job, a.cancel, a.credit = id, j, nil, credit{left: window}
	for i := range a.outlets {
		a.outlets[i].held = a.outlets[i].held[:0] // of the last job, if its reader was given up
	}
	s.jobs[id] = a
	s.queue = append(s.queue, a)
	s.fresh++
}

// remove takes a job out of the queue, if it is still there. The lock is held.
func (s *server) remove(id uint64) *assigned {
	for i, a := range s.queue {
		if a.id == id {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			delete(s.jobs, id)
			return a
		}
	}
	return nil
}

// giveBack returns a job to the runner, if it has not begun.
func (s *server) giveBack(id uint64) {
	s.mu.Lock()
	a := s.remove(id)
	s.mu.Unlock()
	if a != nil {
		s.send(kindReturned, func(b []byte) []byte { return binary.AppendUvarint(b, id) })
		s.flush()
	}
}

// cancelJob ends a job.
func (s *server) cancelJob(id uint64) {
	s.mu.Lock()
	a := s.remove(id)
	var cancel context.CancelFunc
	if running := s.jobs[id]; running != nil {
		cancel = running.cancel
	}
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if a != nil {
		s.done(a, job.Status{Outcome: job.Stopped})
		s.flush()
	}
}

// slot runs one job after the other.
func (s *server) slot(number int) {
	for {
		a, ctx := s.next()
		if a == nil {
			return
		}
		a.job.Slot = number
		st := job.Status{Outcome: job.Stopped}
		if ctx.Err() == nil {
			st = s.run(ctx, a)
		}
		if a.cancel != nil {
			a.cancel()
		}
		s.done(a, st)
	}
}

// run runs a job.
func (s *server) run(ctx context.Context, a *assigned) job.Status {
	if !s.free {
		// The runner must know before the job does anything: else it would run the job once more when this worker dies.
		s.send(kindStarted, func(b []byte) []byte { return binary.AppendUvarint(b, a.id) })
		s.flush()
		if s.runnerGone() {
			return job.Status{Outcome: job.Stopped}
		}
	}
	st := s.host.Run(ctx, a.job, a.output())
	if st.NoRoom {
		return s.awaitRoom(ctx, a, st)
	}
	return st
}

// awaitRoom runs a job for which the system had no room, as soon as it has some. The worker does not know whether jobs
// of others will make room: it tries for a while.
func (s *server) awaitRoom(ctx context.Context, a *assigned, st job.Status) job.Status {
	const often, most = 50 * time.Millisecond, 10 * time.Second
	for began := time.Now(); st.NoRoom && time.Since(began) <= most; {
		select {
		case <-time.After(often):
		case <-ctx.Done():
			return job.Status{Outcome: job.Stopped}
		}
		st = s.host.Run(ctx, a.job, a.output())
	}
	return st
}

// next waits for a job, and sends what is to go out before that.
func (s *server) next() (*assigned, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 {
		s.mu.Unlock()
		s.flush()
		s.mu.Lock()
		if len(s.queue) > 0 {
			break
		}
		if s.over {
			return nil, nil
		}
		s.work.Wait()
	}
	a := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	ctx := s.ctx
	if s.single {
		ctx, a.cancel = context.WithCancel(s.ctx)
	}
	return a, ctx
}

// done reports the outcome of a job.
func (s *server) done(a *assigned, st job.Status) {
	id := a.id
	s.mu.Lock()
	delete(s.jobs, id)
	a.job = job.Job{}
	s.idle = append(s.idle, a)
	s.mu.Unlock()
	if s.held.on && st.OK() {
		s.hold(id, st)
		return
	}
	s.held.note(st)
	s.send(kindDone, func(b []byte) []byte { return appendStatus(binary.AppendUvarint(b, id), st) })
}
