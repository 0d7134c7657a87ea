package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// sshEcho has two hosts, both of which are an sshd of our own on this machine.
func sshEcho() work {
	w := work{
		name:  "ssh-echo",
		about: "100,000 × echo by workers on two hosts, which are this machine, by ssh",
		fanout: counting(100000, feed("seq 100000", "fanout", "--backend", "ssh", "--ssh-command", "ssh -F ssh/config",
			"--hosts", "n1:2,n2:2", "echo {}")),
		targets: []target{{measure: itemsPerSecond, limit: 50_000}},
		rounds:  5, timeout: minute,
	}
	return w.on("ssh")
}

// slurmTrue has two nodes, both of which are this machine.
func slurmTrue() work {
	local := silent(10000, feed("seq 10000", "fanout", "--mode", "process", "-j4", "/usr/bin/true"))
	local.label = "fanout --mode process"
	w := work{
		name:    "slurm-true",
		about:   "10,000 × a small dynamic program by 4 workers on two nodes of a Slurm, which are this machine, their start included",
		fanout:  silent(10000, feed("seq 10000", "fanout", "--backend", "slurm", "-j4", "/usr/bin/true")),
		rivals:  []contestant{local},
		targets: []target{{measure: wallRatio, rival: local.label, limit: 1.3}},
		rounds:  3, timeout: 2 * minute,
		env: []string{"SLURM_CONF=slurm/slurm.conf"},
	}
	return w.on("slurm")
}

// on has an engine of our own be there for the work.
func (w work) on(engine string) work {
	here, err := filepath.Abs("scripts/engines")
	w.prepare = func(ctx context.Context, s site) (check, error) {
		if err != nil {
			return nil, err
		}
		const missing = 3 // the script's exit code
		out, err := exec.CommandContext(ctx, filepath.Join(here, engine+"-up"), filepath.Join(s.dir, engine)).CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == missing {
			return nil, skipped(strings.TrimSpace(string(out)))
		}
		if err != nil {
			err = fmt.Errorf("%s-up: %w: %s", engine, err, out)
		}
		return nil, err
	}
	w.finish = func(s site) { exec.Command(filepath.Join(here, engine+"-down"), filepath.Join(s.dir, engine)).Run() }
	return w
}
