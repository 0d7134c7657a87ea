package process

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"fanout/internal/testkit"

	"golang.org/x/sys/unix"
)

// ready is an output that stops the job as soon as it has printed "ready".
type ready struct {
	bytes.Buffer
	stop func()
}

func (r *ready) Write(p []byte) (int, error) {
	r.Buffer.Write(p)
	if bytes.Contains(r.Bytes(), []byte("ready")) {
		r.stop()
	}
	return len(p), nil
}

// stopped runs a script that is stopped when it says that it is ready.
func stopped(t *testing.T, tr *Tree, stop func(), ctx context.Context, script string) (Result, *ready) {
	t.Helper()
	out := &ready{stop: stop}
	tr.Begin(ctx, "")
	stdout, stderr, err := tr.Capture(out, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Start(&Command{Path: "/bin/bash", Argv: []string{"bash", "-c", script}, Env: os.Environ(), Stdin: tr.sup.Null(), Stdout: stdout, Stderr: stderr}); err != nil {
		t.Fatal(err)
	}
	res := tr.Wait()[0]
	if !tr.Terminated() {
		t.Errorf("%s: not terminated", script)
	}
	tr.Finish()
	return res, out
}

func TestLadder(t *testing.T) {
	if _, err := os.Stat("/bin/bash"); err != nil {
		t.Skip(err)
	}
	const short = 100 * time.Millisecond
	m := mark(t)
	defer reapMarked(m)
	for name, tt := range map[string]struct {
		script string
		grace  time.Duration
		signal unix.Signal // that ends the first process; 0: it exits
		least  time.Duration
	}{
		"plain":                    {"echo ready; exec sleep " + m, patient, unix.SIGTERM, 0},
		"with a child":             {"sleep " + m + " & echo ready; wait", patient, unix.SIGTERM, 0},
		"cleans up":                {"trap 'echo bye; exit 0' TERM; echo ready; sleep " + m + " & wait", patient, 0, 0},
		"ignores TERM":             {"trap '' TERM; echo ready; while :; do sleep " + m + "; done", short, unix.SIGKILL, short},
		"stops itself":             {"echo ready; kill -STOP $$; sleep " + m, patient, unix.SIGTERM, 0},
		"child ignores TERM":       {"(trap '' TERM; echo ready; exec sleep " + m + ") & wait", short, unix.SIGTERM, short},
		"child alone ignores TERM": {"(trap '' TERM; echo ready; exec sleep " + m + " >/dev/null 2>&1) & wait", short, unix.SIGTERM, short},
		"no grace":                 {"trap '' TERM; echo ready; while :; do sleep " + m + "; done", 0, unix.SIGKILL, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tr := tree(t, supervisor(t, Spec{Grace: tt.grace, Linger: patient}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var began time.Time
			testkit.Within(t, patient/2, "the job", func() {
				res, _ := stopped(t, tr, func() { began = time.Now(); cancel() }, ctx, tt.script)
				if tt.signal == 0 && res.Status.ExitStatus() != 0 || tt.signal != 0 && res.Status.Signal() != tt.signal {
					t.Errorf("status %x", res.Status)
				}
			})
			if took := time.Since(began); took < tt.least {
				t.Errorf("after %v, before the grace of %v was over", took, tt.least)
			}
			noneLeft(t, m)
		})
	}
}

// TestLastWords: output after TERM is still read.
func TestLastWords(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, out := stopped(t, tr, cancel, ctx, "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	if !strings.Contains(out.String(), "\nbye\n") { // the shell may print a line about its child too
		t.Errorf("%q", &out.Buffer)
	}
}

// TestKillNow ends a grace that would last too long, and later ones before they begin.
func TestKillNow(t *testing.T) {
	m := mark(t)
	defer reapMarked(m)
	s := supervisor(t, Spec{Grace: time.Hour, Linger: patient})
	tr := tree(t, s)
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		termed := func() { // called again and again, first when TERM is still to come
			if ctx.Err() != nil {
				s.KillNow()
			}
			cancel()
		}
		testkit.Within(t, patient/2, "the job", func() {
			res, _ := stopped(t, tr, termed, ctx, "trap 'echo termed' TERM; while :; do echo ready; sleep 0.01; done # "+m)
			if res.Status.Signal() != unix.SIGKILL {
				t.Errorf("%x", res.Status)
			}
		})
		noneLeft(t, m)
	}
}

// TestStoppedBefore: a job whose context is done already is ended at once.
func TestStoppedBefore(t *testing.T) {
	tr := tree(t, supervisor(t, normal))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 { // the context is the same: it wakes the Tree only once
		testkit.Within(t, patient/2, "the job", func() {
			o := pipeline(t, ctx, tr, nil, []string{"sleep", "1000"})
			if !o.terminated || o.results[0].Status.Signal() != unix.SIGTERM {
				t.Errorf("%v", o.results)
			}
		})
	}
	// And the Tree is as good as new for the next.
	o := pipeline(t, t.Context(), tr, nil, sh("echo ok"))
	if o.terminated || o.out.String() != "ok\n" {
		t.Errorf("%q", &o.out)
	}
}

// TestOthersLive: a stop reaches the job's own group and no other process.
func TestOthersLive(t *testing.T) {
	m := mark(t)
	defer reapMarked(m)
	s := supervisor(t, normal)
	other, tr := tree(t, s), tree(t, s)
	ctx, cancelOther := context.WithCancel(t.Context())
	defer cancelOther()
	ended := make(chan *outcome)
	go func() { ended <- pipeline(t, ctx, other, nil, []string{"sleep", m}) }()
	testkit.Until(t, "the other job runs", func() bool { return len(marked(m)) == 1 })
	mine, cancel := context.WithCancel(t.Context())
	cancel()
	pipeline(t, mine, tr, nil, []string{"sleep", "1000"})
	if len(marked(m)) != 1 {
		t.Error("the other job has ended")
	}
	cancelOther()
	<-ended
}
