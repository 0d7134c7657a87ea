package remote

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fanout/internal/pool"
	"fanout/internal/process"
	"fanout/internal/text"
	"fanout/internal/worker"
)

// SSH says which hosts the ssh client reaches, and how.
type SSH struct {
	Command []string    // the client and its options
	Hosts   []pool.Host // a worker on each
	File    string      // the file that names them, which is read again when it changes; "": the command line does
	Slots   int         // jobs at a time on hosts for which the file does not say; 0: as many as they have CPUs
}

// newSSH makes the backend of ssh. It fails when there is no ssh client.
func newSSH(spec SSH, here Here) (Backend, error) {
	client := spec.Command[0]
	path, err := process.LookPath(client, process.SearchPath(), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: install the ssh client, or name another one with --ssh-command", text.Name(client), err)
	}
	argv := slices.Clone(spec.Command)
	if filepath.Base(client) == "ssh" {
		// The client takes the first value that it finds for an option: the user's come first.
		argv = append(argv, "-T", "-x", "-oBatchMode=yes", "-oConnectTimeout=10", "-oClearAllForwardings=yes",
			"-oControlMaster=no") // it uses a shared connection that is there, but leaves none
	}
	const atOnce = 8 // an sshd lets ten connect at a time before they have logged in
	return &ssh{
		spec: spec, here: here, ids: ids{run: here.Run}, turns: make(chan struct{}, atOnce),
		client: command{here: here, path: path, argv: argv},
	}, nil
}

type ssh struct {
	spec   SSH
	here   Here
	client command
	ids    ids
	turns  chan struct{} // holds one for each that connects
}

// to returns the transport to a host.
func (e *ssh) to(host string) transport {
	c := e.client
	c.words = func(script string) []string { return []string{destination(host), "exec sh -c '" + script + "'"} }
	check := func(host string) (program, try string) {
		return text.Name(e.spec.Command[0]), "try: " + text.ShellWords(append(slices.Clone(e.spec.Command), destination(host), "true"))
	}
	return transport{c, traits{patience: 30 * time.Second, complete: keptConnection, check: check}}
}

// Launch is part of worker.Launcher.
func (e *ssh) Launch(ctx context.Context, number int, host string) (worker.Link, error) {
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s, err := e.to(host).connect(ctx, e.here, host, e.ids.next(number), "--far")
	if err != nil {
		return nil, err
	}
	return &link{shell: s}, nil
}

// Capacity is part of Backend.
func (e *ssh) Capacity(ctx context.Context, offer func([]pool.Host)) error {
	offer(e.spec.Hosts)
	if e.spec.File != "" {
		e.follow(ctx, offer)
	}
	return nil
}

// follow offers the hosts of the file again whenever it has changed.
func (e *ssh) follow(ctx context.Context, offer func([]pool.Host)) {
	last, _ := os.Stat(e.spec.File) // nil: it is read when it appears
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
		if err != nil || !now.Mode().IsRegular() || last != nil && unchanged(now, last) {
			continue // a missing file is about to be replaced; a pipe has been read
		}
		last = now
		hosts, err := ReadHosts(e.spec.File, e.spec.Slots)
		if err == nil && len(hosts) == 0 {
			err = fmt.Errorf("%s: it names no host any more", text.Name(e.spec.File))
		}
		if err != nil {
			e.here.Warn(fmt.Sprintf("%v; the hosts stay as they are", err))
			continue
		}
		offer(hosts)
	}
}

func unchanged(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Clean is part of Backend.
func (e *ssh) Clean(ctx context.Context, run, host string) ([]string, error) {
	s, err := e.to(host).connect(ctx, e.here, host, run+".clean", "--clean", run)
	if err != nil {
		return nil, err
	}
	return s.output(ctx)
}
