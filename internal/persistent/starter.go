// Package persistent runs jobs in programs that are started once and answer one item after the other, so that a program
// that is slow to start pays for it once. Each program is a worker of a [pool.Pool]: the [Starter] starts it, and sends
// items and takes replies by a [Protocol].
//
// A reply belongs to the oldest item without one: nothing else connects them. So a program that prints more replies
// than it has items is out of step, and none of its replies can be trusted any more ([Replies], [OutOfStepError]).
package persistent

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"fanout/internal/execute"
	"fanout/internal/outbox"
	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
)

// Spec says which program to start, and how to talk to it.
type Spec struct {
	Name     string // for messages
	Path     string
	Argv     []string
	Shell    []string // runs a program that is text without #!
	Dir      string
	Environ  []string // that programs inherit; execute.Environ completes it
	Env      []string
	Run      string // run ID
	Before   int    // how many programs earlier runs have started, by the journal
	Protocol Protocol
	WarmUp   time.Duration // for a program's start: the time of its first job begins after it, or with its first reply
	Hint     time.Duration // after which a program without any reply is worth a hint
	Leave    time.Duration // how long a program may take to end when no more items come
	Check    time.Duration // the same, when another program has replied too often
}

// Starter starts programs for a Pool. It is a [pool.Starter].
type Starter struct {
	Spec       Spec
	Supervisor *process.Supervisor
	Stderr     io.Writer            // takes whole lines
	Fail       func(error)          // ends the run
	Warn       func(text string)    // tells the user
	TakeBack   func(Replies, error) // makes lost jobs of these replies

	mu        sync.Mutex
	started   int
	hinted    bool
	failed    bool    // the run is ending because a program has replied without having an item
	outOfStep bool    // some program has replied too often
	doubtful  Replies // of programs that did not end in step, as long as none has replied too often
}

// Start is part of pool.Starter.
func (s *Starter) Start(w *pool.Worker) (pool.Client, error) {
	s.mu.Lock()
	s.started++
	number := s.Spec.Before + s.started
	jobID := s.Spec.Run + ".p" + strconv.Itoa(w.Number) + "." + strconv.Itoa(s.started)
	s.mu.Unlock()
	env := execute.Environ(append(s.Spec.Environ[:len(s.Spec.Environ):len(s.Spec.Environ)], s.Spec.Env...), s.Spec.Run, jobID)
	env = append(env, "FANOUT_SLOT="+strconv.Itoa(w.Number))
	stderr := &text.Prefixer{To: s.Stderr, Prefix: fmt.Sprintf("worker %d: ", w.Number)}
	started, err := s.Supervisor.StartProgram(process.Command{
		Path: s.Spec.Path, Argv: s.Spec.Argv, Env: env, Dir: s.Spec.Dir, Shell: s.Spec.Shell,
	}, jobID, stderr)
	if err != nil {
		return nil, &pool.HopelessError{Err: execute.StartError(s.Spec.Name, err)}
	}
	p := &program{starter: s, worker: w, process: started, out: outbox.New(), number: number, replies: Replies{Programs: []int{number}}}
	go p.run(stderr) // until it calls Gone
	return p, nil
}

// hint tells the user once why a program may be silent.
func (s *Starter) hint() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hinted {
		return
	}
	s.hinted = true
	s.Warn(fmt.Sprintf("%s has not replied to its first item yet: many programs buffer what they print into a pipe; "+
		"try sed -u, grep --line-buffered, awk with fflush(), python3 -u or stdbuf -oL", s.Spec.Name))
}

// fail ends the run.
func (s *Starter) fail(err error) {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
	s.Fail(err)
}
