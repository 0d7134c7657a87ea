package worker

import (
	"errors"

	"fanout/internal/execute"
)

// RefusedError says why a worker cannot run the jobs of a run. Both sides know of it.
type RefusedError struct {
	Text string
	why  byte
}

const (
	_             byte = iota
	notFound           // COMMAND is not there
	notExecutable      // or cannot be executed
)

func (e *RefusedError) Error() string { return e.Text }

// Missing says that there is no such COMMAND.
func (e *RefusedError) Missing() bool { return e.why == notFound }

// NotExecutable says that there is one that cannot be executed.
func (e *RefusedError) NotExecutable() bool { return e.why == notExecutable }

// appendRefusal adds why the setup is nothing to work with.
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

func refusal(body []byte) error {
	if len(body) == 0 {
		return broken("a refusal without a reason")
	}
	return &RefusedError{Text: string(body[1:]), why: body[0]}
}
