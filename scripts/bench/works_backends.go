package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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

// rayEcho has two raylets, both of which are this machine.
func rayEcho() work {
	w := work{
		name:    "ray-echo",
		about:   "10,000 × echo by two workers on a Ray of two raylets, which are this machine, their start included",
		fanout:  counting(10000, feed("seq 10000", "fanout", "--backend", "ray", "--ray-python", "ray/python", "-j2", "echo {}")),
		targets: []target{{measure: itemsPerSecond, limit: 5000}},
		rounds:  5, timeout: minute,
	}
	return w.onRay()
}

// rayStart is the time to the first result, beside that of the least that Ray needs for one.
func rayStart() work {
	const bare = `import os, ray
ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False, logging_level="ERROR")
@ray.remote
class Actor:
    def echo(self):
        return 1
actor = Actor.remote()
print(ray.get(actor.echo.remote()), flush=True)
os._exit(0)`
	rival := counting(1, plain("ray/python", "-c", bare))
	rival.label = "ray.init and one actor"
	w := work{
		name:    "ray-start",
		about:   "one item by a worker on a Ray, beside a Python that connects to it and has one actor return",
		fanout:  counting(1, feed("seq 1", "fanout", "--backend", "ray", "--ray-python", "ray/python", "-j1", "echo {}")),
		rivals:  []contestant{rival},
		targets: []target{{measure: wallOver, rival: rival.label, limit: 1}, {measure: wallTime}},
		rounds:  5, timeout: minute,
	}
	return w.onRay()
}

// onRay has a Ray of our own be there, at a port that is free now.
func (w work) onRay() work {
	const usual = 6379
	port := usual
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		port = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	w.env = []string{fmt.Sprint("RAY_ADDRESS=127.0.0.1:", port), fmt.Sprint("RAY_UP_PORT=", port)}
	return w.on("ray")
}

// on has a backend of our own be there for the work.
func (w work) on(backend string) work {
	here, err := filepath.Abs("scripts/backends")
	w.prepare = func(ctx context.Context, s site) (check, error) {
		if err != nil {
			return nil, err
		}
		const missing = 3 // the script's exit code
		up := exec.CommandContext(ctx, filepath.Join(here, backend+"-up"), filepath.Join(s.dir, backend))
		up.Env = append(os.Environ(), w.env...)
		out, err := up.CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == missing {
			return nil, skipped(strings.TrimSpace(string(out)))
		}
		if err != nil {
			err = fmt.Errorf("%s-up: %w: %s", backend, err, out)
		}
		return nil, err
	}
	w.finish = func(s site) { exec.Command(filepath.Join(here, backend+"-down"), filepath.Join(s.dir, backend)).Run() }
	return w
}
