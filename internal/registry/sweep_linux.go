package registry

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"fanout/internal/process/proc"

	"golang.org/x/sys/unix"
)

// killTime is how long the system may take to end a process that got KILL.
const killTime = 2 * time.Second

// sweep finds and ends all processes of some runs: those that bear job IDs of the runs, and the descendants of those.
type sweep struct {
	runIDs    map[string]bool
	dry       bool           // signal no process
	ancestors map[int]uint64 // this process and its ancestors, which are spared: pids and starts
	targets   map[int]*target
	over      []*target
	others    map[int]uint64 // processes of the last scan that are no targets: pids and starts
	full      bool           // no more descriptors: the known targets have to be ended first
	environ   []byte
}

// target is a process of a run.
type target struct {
	proc.Handle
	proc.Process
	runID   string
	words   []string
	age     time.Duration
	sent    unix.Signal // the last one, but for CONT
	err     error       // why it cannot be ended
	outcome Deed
}

func newSweep(runIDs []string, dry bool) *sweep {
	s := &sweep{
		runIDs:    map[string]bool{},
		dry:       dry,
		ancestors: map[int]uint64{},
		targets:   map[int]*target{},
		environ:   make([]byte, 0, 16<<10),
	}
	for _, id := range runIDs {
		s.runIDs[id] = true
	}
	return s
}

// end ends all targets, and returns them. All are stopped first, so that none can fork or leave its parent unseen. Then
// they get TERM, and KILL when the grace is over; with no grace, KILL alone.
func (s *sweep) end(grace time.Duration) []*target {
	s.halt()
	if grace > 0 && len(s.targets) > 0 {
		s.each(unix.SIGTERM)
		s.each(unix.SIGCONT)
		s.await(grace)
	}
	for {
		s.halt()
		if !s.living() {
			break
		}
		s.each(unix.SIGKILL)
		before := len(s.over)
		s.await(killTime)
		if s.living() && len(s.over) == before {
			break
		}
		s.full = false
	}
	for _, t := range s.targets {
		if t.err == nil {
			t.err = fmt.Errorf("it survives KILL, in state %c", t.State)
		}
		t.outcome = NotKilled
		s.finish(t)
	}
	return s.over
}

// look returns the targets that end would end.
func (s *sweep) look() []*target {
	for clean := 0; clean < 2; clean++ {
		if found, _ := s.scan(true); found {
			clean = -1
		}
	}
	for _, t := range s.targets {
		if t.outcome = WouldKill; t.err != nil {
			t.outcome = NotKilled
		}
		s.finish(t)
	}
	return s.over
}

// halt stops all targets, until two scans in a row find no new one. A scan in which a new process was gone before its
// environment could be read says little: it is repeated, for some time only, since other processes come and go too.
func (s *sweep) halt() {
	const most = 25
	for clean, again := 0, 0; clean < 2 && !s.full; {
		switch found, missed := s.scan(true); {
		case found:
			clean, again = 0, 0
		case missed && again < most:
			clean = 0
			again++
		default:
			clean++
		}
	}
	s.prune()
}

// await waits until all targets have ended, those that appear meanwhile too.
func (s *sweep) await(most time.Duration) {
	for end := time.Now().Add(most); ; time.Sleep(20 * time.Millisecond) {
		s.prune()
		if !s.living() || time.Now().After(end) {
			return
		}
		s.scan(false)
	}
}

// living reports whether there is a target that can be ended.
func (s *sweep) living() bool {
	for _, t := range s.targets {
		if t.err == nil {
			return true
		}
	}
	return false
}

// each signals all targets.
func (s *sweep) each(sig unix.Signal) {
	for _, t := range s.targets {
		s.send(t, sig)
	}
}

// send signals a target, and notes why it cannot be ended.
func (s *sweep) send(t *target, sig unix.Signal) {
	if t.err != nil || s.dry {
		return
	}
	switch err := t.Signal(sig); {
	case err != nil && err != unix.ESRCH:
		t.err = err
	case err == nil && sig != unix.SIGCONT: // which ends nothing
		t.sent = sig
	}
}

// prune removes the targets that have ended.
func (s *sweep) prune() {
	for pid, t := range s.targets {
		now, ok := t.Stat()
		if ok && !now.Ended() {
			t.Process = now
			continue
		}
		if t.outcome = Killed; t.sent != 0 && t.err == nil { // else it has ended by itself
			s.finish(t)
		} else {
			t.Close()
			delete(s.targets, pid)
		}
	}
}

// finish moves a target, whose outcome is known, to those that are over.
func (s *sweep) finish(t *target) {
	t.Close()
	delete(s.targets, t.Handle.PID)
	s.over = append(s.over, t)
}

// scan looks at all processes for new targets. With stop, it stops each at once. missed reports that a new process was
// gone before its environment could be read.
func (s *sweep) scan(stop bool) (found, missed bool) {
	s.findAncestors()
	others := map[int]uint64{}
	unmarked := map[int]proc.Process{} // processes that bear no job ID of the runs
	for _, pid := range proc.NewestFirst() {
		if t := s.targets[pid]; t != nil {
			if now, ok := t.Stat(); ok && !now.Ended() {
				continue
			}
			s.prune()
		}
		t, asked := s.ask(pid)
		if s.full {
			return true, true
		}
		if before, ok := s.others[pid]; !asked && !(ok && (t.Start == 0 || t.Start == before)) {
			missed = true
		}
		others[pid] = t.Start
		if t.runID != "" {
			s.take(t, stop)
			found = true
			continue
		}
		t.Close()
		if asked {
			unmarked[pid] = t.Process
		}
	}
	s.others = others
	for more := true; more; {
		more = false
		for pid, p := range unmarked {
			if parent := s.targets[p.Parent]; parent != nil {
				delete(unmarked, pid)
				more = s.takeChild(p, parent, stop) || more
			}
		}
		found = found || more
	}
	return found, missed
}

// ask opens a process and finds out which run it belongs to. A process that we may not ask is not ours. asked is false
// for a process that is gone or about to be.
func (s *sweep) ask(pid int) (t *target, asked bool) {
	h, err := proc.Open(pid)
	t = &target{Handle: h}
	if err == unix.EMFILE || err == unix.ENFILE {
		s.full = true
	}
	if err != nil {
		return t, false
	}
	if t.Process, asked = h.Stat(); !asked || t.Ended() {
		return t, false
	}
	if !h.Ours() {
		return t, true
	}
	environ, err := h.Environ(t.Process, s.environ)
	switch {
	case err != nil:
		return t, err != unix.ESRCH && err != unix.ENOENT
	case len(environ) == 0: // a process of the kernel, or one that is just ending
		now, ok := h.Stat()
		return t, ok && !now.Ended()
	}
	s.environ = environ[:0]
	t.runID = s.runOf(environ)
	return t, true
}

// runOf returns the first of the sweep's runs that an environment has a job ID of, "" when there is none.
func (s *sweep) runOf(environ []byte) string {
	for jobID := range proc.JobIDsIn(environ) {
		if run, _, ok := strings.Cut(jobID, "."); ok && s.runIDs[run] {
			return run
		}
	}
	return ""
}

// take makes a process of a run a target.
func (s *sweep) take(t *target, stop bool) {
	pid := t.Handle.PID
	s.targets[pid] = t
	if start, ok := s.ancestors[pid]; ok && start == t.Start {
		t.err = errors.New("this command runs inside it")
	} else if pid == 1 {
		t.err = errors.New("it is the first process of the system")
	}
	if stop {
		s.send(t, unix.SIGSTOP)
	}
	t.words, t.age = shorten(t.CommandLine()), t.Age()
}

// takeChild makes a process without a job ID a target that was seen to be the child of one, if it still is the same.
func (s *sweep) takeChild(was proc.Process, parent *target, stop bool) bool {
	h, err := proc.Open(was.PID)
	if err != nil {
		return false
	}
	t := &target{Handle: h, runID: parent.runID}
	var ok bool
	if t.Process, ok = h.Stat(); !ok || !t.Same(was) || !s.isChild(t, parent) {
		h.Close()
		return false
	}
	s.take(t, stop)
	return true
}

// isChild reports whether the parent is the known target: it is alive after the child has named it, so that its pid was
// its own then. An ancestor of this command may have children that are not the run's.
func (s *sweep) isChild(t, parent *target) bool {
	pid := parent.Handle.PID
	if start, ok := s.ancestors[pid]; ok && start == parent.Start || t.Parent != pid {
		return false
	}
	_, alive := parent.Stat()
	return alive
}

// findAncestors finds this process and its ancestors, which must not be ended.
func (s *sweep) findAncestors() {
	for pid := os.Getpid(); pid > 0; {
		h, err := proc.Open(pid)
		if err != nil {
			return
		}
		p, ok := h.Stat()
		h.Close()
		if !ok {
			return
		}
		s.ancestors[pid] = p.Start
		pid = p.Parent
	}
}
