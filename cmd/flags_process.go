package cmd

import (
	"errors"
	"strconv"
	"strings"

	"fanout/internal/plan"
	"fanout/internal/process"

	"github.com/spf13/pflag"
)

type processFlags struct {
	memory     int64
	reap       bool
	noGuardian bool
}

func (*processFlags) name() string { return "Processes" }

func (f *processFlags) register(set *pflag.FlagSet) {
	set.Var(valueOf(&f.memory, "", byteSize), "memory-limit", "kill a job whose processes have more than `SIZE` of memory, such as 500M or 2G")
	set.BoolVar(&f.reap, "reap", false, "end what a job leaves running when it has ended")
	set.BoolVar(&f.noGuardian, "no-guardian", false, "no guardian process, for debugging; must be the first flag")
}

func (f *processFlags) apply(p *plan.Plan, given *pflag.FlagSet) error {
	p.Process.Adopt = true
	p.Process.Reap = f.reap
	p.NoGuardian = f.noGuardian
	p.Process.Memory = f.memory
	if given.Changed("memory-limit") && !process.CanLimitMemory {
		return errors.New("--memory-limit: this system does not tell what memory jobs have")
	}
	return nil
}

// byteSize reads bytes, or K, M, G, T of them, each 1024 times the one before.
func byteSize(s string) (int64, error) {
	number, unit := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i"), int64(1)
	if i := strings.IndexAny(number, "kKMGT"); i >= 0 && i == len(number)-1 {
		unit <<= 10 * (1 + strings.Index("KMGT", strings.ToUpper(number[i:])))
		number = number[:i]
	}
	n, err := strconv.ParseFloat(number, 64)
	const most = 1 << 60
	if bytes := n * float64(unit); err != nil || !(bytes >= 1 && bytes <= most) {
		return 0, errors.New("a size is a number of bytes, or of K, M, G or T, such as 500M")
	}
	return int64(n * float64(unit)), nil
}
