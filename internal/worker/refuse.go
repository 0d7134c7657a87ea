package worker

import (
	"errors"

	"fanout/internal/execute"
)

// RefusedError says why a worker cannot run the jobs of a run. Runner and worker both get it.
type RefusedError struct {
	Text string
	why  byte
}

const (
	_             byte = iota
	notFound           // COMMAND does not exist
	notExecutable      // COMMAND cannot be executed
)

func (e *RefusedError) Error() string { return e.Text }

// Missing reports whether COMMAND does not exist.
func (e *RefusedError) Missing() bool { return e.why == notFound }

// NotExecutable reports whether COMMAND exists, but cannot be executed.
func (e *RefusedError) NotExecutable() bool { return e.why == notExecutable }

// appendRefusal appends why the worker cannot work with the setup.
func appendRefusal(b []byte, err error) []byte {
	why := byte(0)
	var command *execute.CommandError
	if errors.As(err, &command) {
		if why = notExecutable; command.Missing() {
			why = notFound
		}
	}
	return append(append(b, why), err.Error()...)
}

// refusal reads what appendRefusal has written.
func refusal(body []byte) error {
	if len(body) == 0 {
		return broken("a refusal without a reason")
	}
	return &RefusedError{Text: string(body[1:]), why: body[0]}
}
