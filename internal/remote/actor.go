package remote

import (
	"fanout/internal/process"
	"io"
	"sync"
	"syscall"
	"time"
)

// pieces is how many parts of a worker's output are on their way at most: the driver waits until one is taken.
const pieces = 2

// actor is the [peer] of a shell that an actor of Ray's runs.
type actor struct {
	driver *driver
	number uint32
	stderr *relay

	output chan []byte   // what the shell has written
	rest   []byte        // of a part of it
	taken  chan struct{} // holds one when the shell has read what was sent last
	shut   sync.Once
	stop   sync.Once
	ended  chan struct{} // closed at the end; output may hold more then
	result process.Result
}

// end is called when the shell has ended, or is given up.
func (a *actor) end(status int, why string) {
	if why != "" {
		a.stderr.note(why)
	}
	a.result.Status = syscall.WaitStatus(status << 8)
	close(a.ended)
}

func (a *actor) Read(b []byte) (int, error) {
	if len(a.rest) == 0 {
		select {
		case a.rest = <-a.output:
		case <-a.ended:
			select {
			case a.rest = <-a.output:
			default:
				return 0, io.EOF
			}
		}
		a.driver.send(a.number, 'M', nil)
	}
	n := copy(b, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Write returns when the shell has read all, so that no more than one piece is on its way.
func (a *actor) Write(b []byte) (n int, err error) {
	const most = 256 << 10
	for n < len(b) {
		piece := b[n:min(len(b), n+most)]
		a.driver.send(a.number, 'W', piece)
		select {
		case <-a.taken:
			n += len(piece)
		case <-a.ended:
			return n, io.ErrClosedPipe
		}
	}
	return n, nil
}

func (a *actor) Close() error {
	a.shut.Do(func() { a.driver.send(a.number, 'E', nil) })
	return nil
}

func (a *actor) Release() {}
func (a *actor) Dismiss() {}
func (a *actor) Kill()    { a.Stop() }

// Stop does not wait for a driver or a cluster that does not answer: the worker ends by itself when it hears nothing
// more.
func (a *actor) Stop() {
	a.stop.Do(func() {
		a.driver.send(a.number, 'K', nil)
		const most = 3 * time.Second
		time.AfterFunc(most, func() { a.driver.forget(a) })
	})
}

func (a *actor) Wait() process.Result {
	<-a.ended
	return a.result
}
