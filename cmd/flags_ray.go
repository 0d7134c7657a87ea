package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"fanout/internal/plan"
	"fanout/internal/text"

	"github.com/spf13/pflag"
)

// rayFlags name a Ray cluster, and what each worker takes of it.
type rayFlags struct {
	address, python string
	cpus, gpus      float64
	memory          int64
	resources       []string
}

func (f *rayFlags) register(set *pflag.FlagSet) {
	set.StringVar(&f.address, "ray-address", "", "use the Ray cluster at `ADDR`, HOST:PORT or auto (default $RAY_ADDRESS)")
	set.StringVar(&f.python, "ray-python", "", "run `PYTHON`, which has the module ray (default $FANOUT_PYTHON or python3)")
	set.Var(valueOf(&f.cpus, "", amount), "ray-num-cpus", "reserve `N` CPUs of the cluster for each Ray worker (default --threads)")
	set.Var(valueOf(&f.gpus, "0", amount), "ray-num-gpus", "reserve `N` GPUs of the cluster for each Ray worker")
	set.Var(valueOf(&f.memory, "", byteSize), "ray-memory", "reserve `SIZE` of memory for each Ray worker, such as 500M or 2G")
	set.StringArrayVar(&f.resources, "ray-resources", nil, "reserve resources `LIST`, as tpu=1,disk=2 for each Ray worker (repeatable)")
}

// names lists the flags as messages name them.
func (*rayFlags) names() []string {
	return []string{"--ray-address", "--ray-python", "--ray-num-cpus", "--ray-num-gpus", "--ray-memory", "--ray-resources"}
}

func (f *rayFlags) apply(p *plan.Plan, w *workerFlags, given *pflag.FlagSet) (err error) {
	r := &p.Remote.Ray
	r.Address = cmp.Or(f.address, os.Getenv("RAY_ADDRESS"))
	r.Python = cmp.Or(f.python, os.Getenv("FANOUT_PYTHON"), "python3")
	switch {
	case r.Address == "":
		return errors.New("--backend ray needs a cluster: give --ray-address HOST:PORT, --ray-address auto for the one on this machine, or RAY_ADDRESS; fanout never starts one")
	case r.Address == "local":
		return errors.New("--ray-address local would start a cluster: start one with ray start, and give HOST:PORT or auto")
	case strings.Contains(r.Address, "://"):
		return fmt.Errorf("--ray-address %s: fanout does not use Ray's client: run it on a node of the cluster, and give HOST:PORT of its head", text.Name(r.Address))
	case w.workers == "" || ofCPUs(w.workers):
		return errors.New("--backend ray needs -j N: the number of workers to ask the cluster for; they wait until it has room")
	}
	r.Workers, r.Threads = p.Schedule.Slots, 1
	if w.threadsGiven {
		r.Threads = p.Threads
	}
	r.CPUs = float64(r.Threads)
	if given.Changed("ray-num-cpus") {
		r.CPUs = f.cpus
	}
	r.GPUs, r.Memory = f.gpus, f.memory
	r.Resources, err = f.named()
	return err
}

// named parses --ray-resources.
func (f *rayFlags) named() (map[string]float64, error) {
	all := map[string]float64{}
	for _, pair := range strings.FieldsFunc(strings.Join(f.resources, ","), func(c rune) bool { return c == ',' }) {
		name, number, _ := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); name == "" {
			return nil, fmt.Errorf("--ray-resources %q: write names and numbers, as in tpu=1,disk=2", pair)
		}
		n, err := amount(number)
		if err != nil {
			return nil, fmt.Errorf("--ray-resources %q: %w", pair, err)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("--ray-resources %q: %s is named twice", pair, text.Name(name))
		}
		all[name] = n
	}
	return all, nil
}

// amount parses a number that need not be whole.
func amount(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	const most = 1e9
	if err != nil || !(n >= 0 && n <= most) {
		return 0, errors.New("give a number, 0 or more")
	}
	return n, nil
}
