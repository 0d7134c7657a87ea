package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// slowdown is what records may cost: a fifth of the speed.
const slowdown = 1 / (1 - .20)

// recorded is the same work without and with records of what became of it.
func recorded(name, about string, items int, bare contestant, flags ...string) work {
	bare.label = "without records"
	with := bare
	with.label = ""
	with.command.argv = append([]string{"fanout", "--json", "--journal", journalName}, append(flags, bare.command.argv[1:]...)...)
	with.check = records(items)
	with.fresh = journalName
	return work{
		name:    name,
		about:   about,
		fanout:  with,
		rivals:  []contestant{bare},
		targets: []target{{measure: wallRatio, rival: bare.label, limit: slowdown}},
		rounds:  shortRounds, timeout: 2 * minute,
	}
}

const journalName = "journal"

func recordsTrue() work {
	return recorded("records-true", "3000 × a small dynamic program, 4 at a time, with --json and --journal", 3000,
		silent(3000, feed("seq 3000", "fanout", "-j4", "/usr/bin/true")))
}

func recordsEcho() work {
	return recorded("records-echo", "3000 × /bin/echo, 4 at a time, with --json and --journal", 3000,
		contestant{command: feed("seq 3000", "fanout", "-j4", "/bin/echo {}"), items: 3000, check: numbers(3000, false), forks: 3000})
}

// recordsBuiltin is the dearest: a job without a process takes less time than its records.
func recordsBuiltin() work {
	w := recorded("records-echo-script", "a million × echo, which fanout does itself, with --json and --journal", 1000000,
		counting(1000000, feed("seq 1000000", "fanout", "echo {}")))
	w.targets = []target{{measure: itemsPerSecond, limit: 300_000 / slowdown}, {measure: wallRatio, rival: w.targets[0].rival}}
	return w
}

// rowsEcho reads the items as rows.
func rowsEcho() work {
	lines := counting(1000000, plain("fanout", "-a", "rows.csv", "echo {#}"))
	lines.label = "lines"
	return work{
		name:    "csv",
		about:   "a million rows of CSV, of which a field is printed",
		fanout:  counting(1000000, plain("fanout", "-a", "rows.csv", "--csv", "--header=false", "echo {1}")),
		rivals:  []contestant{lines},
		targets: []target{{measure: itemsPerSecond}, {measure: wallRatio, rival: lines.label}},
		rounds:  shortRounds, timeout: 2 * minute,
		prepare: makeRows,
	}
}

func makeRows(_ context.Context, s site) (check, error) {
	var rows bytes.Buffer
	for n := range 1000000 {
		fmt.Fprintf(&rows, "%d,\"a name, %d\",x\n", n+1, n%100)
	}
	return nil, os.WriteFile(filepath.Join(s.dir, "rows.csv"), rows.Bytes(), 0o644)
}

// records expects an object of JSON for each of the jobs 1 to n, which has succeeded.
func records(n int) check {
	return func(s *stream) error {
		var got, want tally
		lines := bufio.NewReaderSize(s, blockSize)
		for {
			line, err := lines.ReadSlice('\n')
			if len(line) == 0 {
				break
			}
			if err != nil {
				return fmt.Errorf("after %d records: %w", got.count, err)
			}
			rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
			digits, _, _ := bytes.Cut(rest, []byte(","))
			seq, err := strconv.ParseUint(string(digits), 10, 64)
			if !ok || err != nil || !bytes.Contains(rest, []byte(`"ok":true,`)) {
				return fmt.Errorf("no record of a success: %.200s", line)
			}
			got.add(seq)
		}
		for i := range uint64(n) {
			want.add(i + 1)
		}
		if got != want {
			return fmt.Errorf("%d records, not %d with all numbers from 1", got.count, n)
		}
		return nil
	}
}
