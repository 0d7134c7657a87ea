package remote

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// link is the connection to a worker on a host. It is a [worker.Link].
type link struct {
	*shell

	mu   sync.Mutex
	late *time.Timer // ends the program when the worker does not end
}

func (l *link) Read(b []byte) (int, error)  { return l.from.Read(b) }
func (l *link) Write(b []byte) (int, error) { return l.program.Write(b) }
func (l *link) Close() error                { return l.program.Close() }
func (l *link) Dismiss()                    { l.program.Dismiss() }

// Kill ends the worker. A worker in good order ends when its input ends.
func (l *link) Kill() {
	if l.linger == 0 {
		l.end()
		return
	}
	l.program.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late == nil {
		l.late = time.AfterFunc(l.linger, l.end)
	}
}

// Lossless waits for the end of the program, which tells whether all has come. It is called when nothing more comes.
func (l *link) Lossless() bool {
	l.program.Close()
	return l.complete(l.program.Wait())
}

func (l *link) Wait() error {
	res := l.program.Wait()
	l.mu.Lock()
	if l.late != nil {
		l.late.Stop()
	}
	l.mu.Unlock()
	l.program.Release()
	const signaled = 128
	if code := res.Status.ExitStatus(); code > signaled && code < lostStatus {
		return fmt.Errorf("killed by %s", unix.SignalName(syscall.Signal(code-signaled)))
	}
	if said := l.stderr.last(); said != "" && res.Failure() != nil {
		return errors.New(said)
	}
	return res.Failure()
}
