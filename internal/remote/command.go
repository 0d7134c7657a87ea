package remote

import (
	"errors"
	"slices"

	"fanout/internal/execute"
	"fanout/internal/pool"
	"fanout/internal/process"
)

// command is a program of this machine that runs a shell on a host, such as the ssh client.
type command struct {
	here  Here
	path  string
	argv  []string                     // its arguments, up to what the host is to run
	words func(script string) []string // what the host is to run
}

// begin is part of starter.
func (c command) begin(jobID, script string, stderr *relay) (peer, error) {
	p, err := c.here.Supervisor.StartProgram(process.Command{
		Path:    c.path,
		Argv:    append(slices.Clone(c.argv), c.words(script)...),
		Env:     execute.Environ(c.here.Environ, c.here.Run, jobID),
		Session: true, // so that a terminal's signals are ours alone, and nobody is asked for a password
	}, jobID, stderr)
	if err == nil {
		return localPeer{p}, nil
	}
	var command *execute.CommandError
	if err = execute.StartError(c.path, err); errors.As(err, &command) {
		err = &pool.HopelessError{Err: errors.New(err.Error())} // not a CommandError: it is no COMMAND of the user's
	}
	return nil, err
}

// localPeer is a command that runs.
type localPeer struct{ *process.Program }

func (l localPeer) Read(b []byte) (int, error)  { return l.Stdout.Read(b) }
func (l localPeer) Write(b []byte) (int, error) { return l.Stdin.Write(b) }
func (l localPeer) Close() error                { return l.Stdin.Close() }
func (l localPeer) Release()                    { l.Stdout.Close() }

// lostStatus is the exit status of the ssh client when it has lost its connection, and of an actor of Ray's that did
// not end by itself.
const lostStatus = 255

// keptConnection reports whether a program has not lost its connection: then it ends as the worker did, after all that
// the worker had to say.
func keptConnection(res process.Result) bool {
	return !res.Status.Signaled() && res.Status.ExitStatus() != lostStatus
}
