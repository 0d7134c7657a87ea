package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// sshEcho has two hosts, both of which are an sshd of our own on this machine.
func sshEcho() work {
	here, err := filepath.Abs("scripts/engines")
	return work{
		name:  "ssh-echo",
		about: "100,000 × echo by workers on two hosts, which are this machine, by ssh",
		fanout: counting(100000, feed("seq 100000", "fanout", "--backend", "ssh", "--ssh-command", "ssh -F ssh/config",
			"--hosts", "n1:2,n2:2", "echo {}")),
		targets: []target{{measure: itemsPerSecond, limit: 50_000}},
		rounds:  5, timeout: minute,
		prepare: func(ctx context.Context, s site) (check, error) {
			if err != nil {
				return nil, err
			}
			if _, err := exec.LookPath("sshd"); err != nil {
				return nil, skipped("there is no sshd: install openssh-server")
			}
			if out, err := exec.CommandContext(ctx, filepath.Join(here, "ssh-up"), filepath.Join(s.dir, "ssh")).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("ssh-up: %w: %s", err, out)
			}
			return nil, nil
		},
		finish: func(s site) { exec.Command(filepath.Join(here, "ssh-down"), filepath.Join(s.dir, "ssh")).Run() },
	}
}
