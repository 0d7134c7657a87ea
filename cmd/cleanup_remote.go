package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"fanout/internal/process"
	"fanout/internal/registry"
	"fanout/internal/remote"
)

// cleanRemote ends the leftovers of a dead run on other machines, and reports them.
func cleanRemote(e registry.Entry, tell func(registry.Report)) error {
	program, err := ownProgram()
	if err != nil {
		return err
	}
	sup, err := process.NewSupervisor(process.Spec{Grace: time.Second})
	if err != nil {
		return err
	}
	defer sup.Close()
	eng, err := remote.New(remote.Spec{
		Kind: remote.Kind(e.Remote.Backend), SSH: remote.SSH{Command: e.Remote.Command},
	}, remote.Here{
		Supervisor: sup, Program: program, Environ: os.Environ(), Run: e.RunID, Stderr: os.Stderr, Warn: func(string) {},
	})
	if err != nil {
		return err
	}
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	var cleaning sync.WaitGroup
	var mu sync.Mutex
	for _, name := range e.Remote.Hosts {
		cleaning.Go(func() {
			lines, failed := eng.Clean(ctx, e.RunID, name)
			mu.Lock()
			defer mu.Unlock()
			for _, line := range lines {
				tell(registry.Report{Run: e.RunID, Command: e.Command, Age: time.Since(e.Started), Deed: registry.Killed, Why: name + ": " + line})
			}
			err = errors.Join(err, failed)
		})
	}
	cleaning.Wait()
	return err
}
