package main

import (
	"fmt"
	"strconv"
	"strings"
)

func processTrue() work {
	thread := silent(3000, feed("seq 3000", "fanout", "-j4", "/usr/bin/true"))
	thread.label = "thread mode"
	return work{
		name:    "process-true",
		about:   "3000 × a small dynamic program, in 4 worker processes",
		fanout:  silent(3000, feed("seq 3000", "fanout", "--mode", "process", "-j4", "/usr/bin/true")),
		rivals:  []contestant{thread},
		targets: []target{{measure: wallRatio, rival: thread.label, limit: 1.15}},
		rounds:  shortRounds, timeout: 2 * minute,
	}
}

func processEcho() work {
	return work{
		name:    "process-echo",
		about:   "a million × echo, which the worker processes do themselves",
		fanout:  counting(1000000, feed("seq 1000000", "fanout", "--mode", "process", "-j2", "echo {}")),
		targets: []target{{measure: itemsPerSecond, limit: 150_000}},
		rounds:  5, timeout: 2 * minute,
	}
}

func persistentCat(window int, limit float64) work {
	n := strconv.Itoa(window)
	return work{
		name:    "persistent-cat-" + n,
		about:   "a million items through two persistent cats, window " + n,
		fanout:  counting(1000000, feed("seq 1000000", "fanout", "--persistent", "-j2", "--window", n, "cat")),
		targets: []target{{measure: itemsPerSecond, limit: limit}},
		rounds:  5, timeout: 2 * minute,
	}
}

func persistentPython() work {
	return work{
		name:  "persistent-python",
		about: "a Python program that squares a number: one for many items, and one for each, 2 at a time",
		fanout: contestant{
			command: feed("seq 100000", "fanout", "--persistent", "-j2", "python3", "-uc", "import sys\nfor n in sys.stdin: print(int(n) ** 2)"),
			items:   100000, check: squares(100000),
		},
		rivals: []contestant{{
			command: feed("seq 100", "fanout", "-j2", "python3", "-c", "import sys; print(int(sys.argv[1]) ** 2)"),
			items:   100, check: squares(100), label: "python3 for each",
		}},
		targets: []target{{measure: speedup, rival: "python3 for each", limit: 500}},
		rounds:  longRounds, timeout: 2 * minute,
	}
}

// squares expects those of the numbers from 1, in any order.
func squares(items int) check {
	var want strings.Builder
	for n := 1; n <= items; n++ {
		fmt.Fprintln(&want, n*n)
	}
	return sameLines([]byte(want.String()))
}

func manyWorkers() work {
	const workers = 200
	return work{
		name:    "many-workers",
		about:   "a million × echo in 200 worker processes",
		fanout:  counting(1000000, feed("seq 1000000", "fanout", "--mode", "process", "-j"+strconv.Itoa(workers), "echo {}")),
		targets: []target{{measure: peakMemory, limit: 12 * mib * workers}, {measure: itemsPerSecond}},
		rounds:  longRounds, timeout: 2 * minute,
	}
}
