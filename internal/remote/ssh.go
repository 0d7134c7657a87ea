package remote

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// SSH says which hosts are reached by the ssh client, and how.
type SSH struct {
	Command []string    // the client, and options to give it
	Hosts   []pool.Host // a worker on each
	File    string      // where they are from, if a file: it is read again when it changes
	Slots   int         // jobs at a time of hosts for which the file does not say; 0: as many as they have CPUs
}

// Here is what backends need of the runner's machine.
type Here struct {
	Supervisor *process.Supervisor
	Program    Program
	Environ    []string
	Run        string            // mark of the run
	Grace      time.Duration     // that jobs have to end
	Stderr     io.Writer         // where workers' own words go
	Warn       func(text string) // tells the user
}

// newSSH makes the backend. It fails when there is no ssh client.
func newSSH(spec SSH, near Here) (Backend, error) {
	client := spec.Command[0]
	path, err := process.LookPath(client, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: hosts are reached by the ssh client; install it, or name another with --ssh-command", text.Name(client), err)
	}
	argv := slices.Clone(spec.Command)
	if filepath.Base(client) == "ssh" {
		// The first value that the client finds for an option holds, so that the user's do.
		argv = append(argv, "-T", "-x", "-oBatchMode=yes", "-oConnectTimeout=10", "-oClearAllForwardings=yes",
			"-oControlMaster=no") // a connection that is there already is used, but none is left behind
	}
	const atOnce = 8 // an sshd lets ten connect that it does not know yet
	return &ssh{
		spec: spec, here: near, ids: ids{run: near.Run}, turns: make(chan struct{}, atOnce),
		client: command{here: near, path: path, argv: argv},
	}, nil
}

type ssh struct {
	spec   SSH
	here   Here
	client command
	ids    ids
	turns  chan struct{} // of those that connect
}

// to is the way to a host.
func (e *ssh) to(place string) transport {
	c := e.client
	c.words = func(script string) []string { return []string{destination(place), "exec sh -c '" + script + "'"} }
	return transport{begin: c.begin, patience: 30 * time.Second, sane: complete}
}

// Launch is part of worker.Launcher.
func (e *ssh) Launch(ctx context.Context, number int, place string) (worker.Link, error) {
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s, err := e.to(place).connect(ctx, e.here, place, e.ids.next(number), "--far")
	if err != nil {
		return nil, err
	}
	return &link{shell: s}, nil
}

// complete says that the ssh client has not lost its connection: it ends as the worker did
// then, after all that this had to say.
func complete(res process.Result) bool {
	const lost = 255
	return !res.Status.Signaled() && res.Status.ExitStatus() != lost
}

// Capacity is part of Backend.
func (e *ssh) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	offer(e.spec.Hosts)
	if e.spec.File != "" {
		e.follow(ctx, offer)
	}
	return nil
}

// follow reads the file of hosts again when it has changed.
func (e *ssh) follow(ctx context.Context, offer func([]pool.Host)) {
	last, _ := os.Stat(e.spec.File) // nil: it is read again when it is there
	const often = time.Second
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now, err := os.Stat(e.spec.File)
		if err != nil || !now.Mode().IsRegular() || last != nil && os.SameFile(now, last) && now.Size() == last.Size() && now.ModTime().Equal(last.ModTime()) {
			continue // one that is gone is about to be replaced; a pipe has been read
		}
		last = now
		hosts, err := ReadHosts(e.spec.File, e.spec.Slots)
		if err == nil && len(hosts) == 0 {
			err = fmt.Errorf("%s: no host is left in it", text.Name(e.spec.File))
		}
		if err != nil {
			e.here.Warn(fmt.Sprintf("%v; the hosts stay what they were", err))
			continue
		}
		offer(hosts)
	}
}

// Clean is part of Backend.
func (e *ssh) Clean(ctx context.Context, run, place string) ([]string, error) {
	s, err := e.to(place).connect(ctx, e.here, place, run+".clean", "--clean "+run)
	if err != nil {
		return nil, err
	}
	return s.output(ctx)
}
