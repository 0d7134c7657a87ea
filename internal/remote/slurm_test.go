package remote

import (
	"reflect"
	"slices"
	"testing"

	"fanout/internal/pool"
)

func TestParseCPUs(t *testing.T) {
	for list, want := range map[string][]int{
		"4":         {4},
		"4(x2),8":   {4, 4, 8},
		"1,2(x1),3": {1, 2, 3},
		"":          nil,
	} {
		if got, err := parseCPUs(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	for _, list := range []string{"x", "4(x)", "0", "4(x-1)", "-3"} {
		if got, err := parseCPUs(list); err == nil {
			t.Errorf("%q is taken for %v", list, got)
		}
	}
}

func TestSpread(t *testing.T) {
	nodes, cpus := []string{"a", "b", "c"}, []int{8, 8, 1}
	for _, tt := range []struct {
		spec Slurm
		want []pool.Host
	}{
		{Slurm{PerNode: 1}, []pool.Host{{Name: "a", Workers: 1, Threads: 8}, {Name: "b", Workers: 1, Threads: 8}, {Name: "c", Workers: 1, Threads: 1}}},
		{Slurm{PerNode: 2}, []pool.Host{{Name: "a", Workers: 2, Threads: 4}, {Name: "b", Workers: 2, Threads: 4}, {Name: "c", Workers: 2, Threads: 1}}},
		{Slurm{PerNode: 1, Threads: 3}, []pool.Host{{Name: "a", Workers: 1, Threads: 3}, {Name: "b", Workers: 1, Threads: 3}, {Name: "c", Workers: 1, Threads: 3}}},
		{Slurm{PerNode: 1, Workers: 4}, []pool.Host{{Name: "a", Workers: 2, Threads: 1}, {Name: "b", Workers: 1, Threads: 1}, {Name: "c", Workers: 1, Threads: 1}}},
		{Slurm{PerNode: 1, Workers: 2, Threads: 5}, []pool.Host{{Name: "a", Workers: 1, Threads: 5}, {Name: "b", Workers: 1, Threads: 5}}},
	} {
		if got := spread(tt.spec, nodes, cpus); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.spec, got, tt.want)
		}
	}
}

func TestRefusedBySlurm(t *testing.T) {
	for said, hopeless := range map[string]bool{
		"srun: error: Unable to allocate resources: Invalid partition name specified":                     true,
		"srun: error: Unable to allocate resources: Unable to contact slurm controller (connect failure)": false,
		"srun: error: Unable to allocate resources: Requested node configuration is not available":        true,
		"srun: unrecognized option '--nosuch'":                                                            true,
		"srun: fatal: Could not establish a configuration source":                                         true,
		"srun: error: Node failure on n1":                                                                 false,
		"srun: error: Unable to allocate resources: Socket timed out on send/recv operation":              false,
	} {
		if got := refusedBySlurm(said); got != hopeless {
			t.Errorf("%q: %v", said, got)
		}
	}
}
