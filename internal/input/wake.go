package input

import (
	"context"
	"fmt"
	"os"
)

// wake is a pipe that becomes readable when a context ends, so that poll can wait for input and for the
// context at once. It is not an eventfd, which only Linux has.
type wake struct {
	r, w  *os.File
	fd    int // the descriptor of r
	stop  func() bool
	fired chan struct{} // closed when the function of AfterFunc has returned
}

func newWake(ctx context.Context) (*wake, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe to interrupt input: %w", err)
	}
	k := &wake{r: r, w: w, fd: int(r.Fd()), fired: make(chan struct{})}
	k.stop = context.AfterFunc(ctx, func() {
		w.Close() // hangs up, which makes r readable for good
		close(k.fired)
	})
	return k, nil
}

// close waits for the function of AfterFunc if it has started.
func (k *wake) close() {
	if k.stop() {
		k.w.Close()
	} else {
		<-k.fired
	}
	k.r.Close()
}
