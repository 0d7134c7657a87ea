package run

import (
	"context"

	"fanout/internal/sink"
	"fanout/internal/text"
)

func (r *Run) files() (stdout, stderr *sink.File, err error) {
	name := "standard output"
	if r.out != r.io.Stdout {
		name = text.Name(r.out.Name())
	}
	if stdout, err = sink.NewFile(int(r.out.Fd()), name); err != nil {
		return nil, nil, err
	}
	stderr, err = sink.NewFile(int(r.io.Stderr.Fd()), "standard error")
	return stdout, stderr, err
}

// warnFull warns that jobs wait because the disk takes no more of their output. A slot calls it, which has a job to look
// after: it must not wait.
func (r *Run) warnFull(why error) {
	if !r.plan.Quiet {
		text.Line(r.io.Say.Hasty(), "jobs wait for their turn to write: %v", why)
	}
}

// watchReader ends the run when nobody reads its output any more. The function that it returns waits for the end of the
// watch, after the file was stopped.
func watchReader(f *sink.File, cancel context.CancelCauseFunc) (wait func()) {
	if !f.CanLoseReader() {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if f.AwaitReaderGone() {
			cancel(sink.ErrReaderGone)
		}
	}()
	return func() { <-ended }
}
