package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	shortRounds = 9
	longRounds  = 3
	someRounds  = 3 // of rivals that are here for information
	minute      = time.Minute
	mib         = 1 << 20
)

// works is everything that is measured, in the order of the tables.
func works() []work {
	return []work{
		trueProgram(),
		echoProgram(),
		nothingProgram(4),
		nothingProgram(64),
		echoBuiltin(),
		gzipScript(),
		sleepers(),
		startUp(),
		processTrue(),
		processEcho(),
		sshEcho(),
		slurmTrue(),
		rayEcho(),
		rayStart(),
		persistentCat(1, 40_000),
		persistentCat(256, 1_000_000),
		persistentPython(),
		manyWorkers(),
		recordsTrue(),
		recordsEcho(),
		recordsBuiltin(),
		rowsEcho(),
		progressTrue(),
		progressBuiltin(),
		oneBig(),
		eightBig(),
		tenMillion("ten-million-true", nothing, "fanout", "true"),
		tenMillion("ten-million-ordered", numbers(tenMillionItems, true), "fanout", "-k", "echo {}"),
	}
}

// silent is a contestant that prints nothing and starts a process for each item.
func silent(items int, c command) contestant {
	return contestant{command: c, items: items, check: nothing, forks: items}
}

// counting is a contestant that prints its items, the numbers from 1.
func counting(items int, c command) contestant {
	return contestant{command: c, items: items, check: numbers(items, false)}
}

func (c contestant) forInformation() contestant {
	c.rounds = someRounds
	return c
}

func trueProgram() work {
	return work{
		name:   "true",
		about:  "3000 × a small dynamic program, output captured, 4 at a time",
		fanout: silent(3000, feed("seq 3000", "fanout", "-j4", "/usr/bin/true")),
		rivals: []contestant{
			silent(3000, plain("floor", "capture", "3000", "4", "/usr/bin/true")),
			silent(3000, feed("seq 3000", "xargs", "-n1", "-P4", "/usr/bin/true")),
			silent(3000, feed("seq 3000", "xe", "-j4", "/usr/bin/true")).forInformation(),
			silent(300, feed("seq 300", "parallel", "-j4", "/usr/bin/true")).forInformation(),
		},
		targets: []target{
			{measure: wallRatio, rival: "floor", limit: .95},
			{measure: wallRatio, rival: "xargs", limit: .90},
		},
		rounds: shortRounds, timeout: 2 * minute,
	}
}

func echoProgram() work {
	return work{
		name:   "echo",
		about:  "3000 × /bin/echo, output captured, 4 at a time",
		fanout: counting(3000, feed("seq 3000", "fanout", "-j4", "/bin/echo")),
		rivals: []contestant{
			counting(3000, plain("floor", "capture", "3000", "4", "/bin/echo")),
			counting(3000, feed("seq 3000", "xargs", "-n1", "-P4", "/bin/echo")),
			counting(3000, feed("seq 3000", "xe", "-j4", "/bin/echo")).forInformation(),
			counting(3000, feed("seq 3000", "rush", "-j", "4", "/bin/echo {}")).forInformation(),
			counting(300, feed("seq 300", "parallel", "-j4", "/bin/echo")).forInformation(),
		},
		targets: []target{
			{measure: wallRatio, rival: "floor", limit: .95},
			{measure: wallRatio, rival: "xargs", limit: .85},
		},
		rounds: shortRounds, timeout: 2 * minute,
	}
}

func nothingProgram(slots int) work {
	n := strconv.Itoa(slots)
	return work{
		name:   "nothing-" + n,
		about:  "3000 × a static program that does nothing, output captured, " + n + " at a time",
		fanout: silent(3000, feed("seq 3000", "fanout", "-j"+n, "./nothing")),
		rivals: []contestant{
			silent(3000, plain("floor", "capture", "3000", n, "./nothing")),
			silent(3000, feed("seq 3000", "xargs", "-n1", "-P"+n, "./nothing")).forInformation(),
		},
		targets: []target{{measure: wallRatio, rival: "floor", limit: .75}},
		rounds:  shortRounds, timeout: 2 * minute,
		prepare: func(_ context.Context, s site) (check, error) {
			nothing, ok := s.tools["nothing"]
			if !ok {
				return nil, skipped("no C compiler")
			}
			return nil, os.Link(nothing.path, filepath.Join(s.dir, "nothing"))
		},
	}
}

// echoBuiltin is the one work where fanout starts no process; xargs gets fewer items, since it has to.
func echoBuiltin() work {
	return work{
		name:   "echo-script",
		about:  "a million × echo, which fanout does itself",
		fanout: counting(1000000, feed("seq 1000000", "fanout", "echo {}")),
		rivals: []contestant{
			counting(3000, feed("seq 3000", "xargs", "-n1", "-P4", "echo")),
			counting(300, feed("seq 300", "parallel", "-j4", "echo")).forInformation(),
		},
		targets: []target{
			{measure: itemsPerSecond, limit: 300000},
			{measure: speedup, rival: "xargs", limit: 150},
		},
		rounds: shortRounds, timeout: 2 * minute,
	}
}

func gzipScript() work {
	script := func(c command) contestant { return contestant{command: c, items: gzipFiles, forks: 2 * gzipFiles} }
	return work{
		name:   "gzip-script",
		about:  "a pipeline for each of 1000 files of about 2 KB, which are all that the working directory holds",
		fanout: script(feed("ls", "fanout", "-j4", "gzip -c {} | wc -c")),
		rivals: []contestant{
			script(feed("ls", "xargs", "-P4", "-I{}", "sh", "-c", `gzip -c "$1" | wc -c`, "sh", "{}")),
			script(feed("ls", "parallel", "-j4", "gzip -c {} | wc -c")).forInformation(),
		},
		targets: []target{{measure: wallRatio, rival: "xargs", limit: .65}},
		rounds:  5, timeout: 2 * minute,
		prepare: makeSmallFiles,
	}
}

func startUp() work {
	return work{
		name:    "start-up",
		about:   "one item",
		fanout:  silent(1, plain("fanout", "/usr/bin/true", ":::", "x")),
		rivals:  []contestant{silent(1, plain("parallel", "/usr/bin/true", ":::", "x")).forInformation()},
		targets: []target{{measure: wallTime, limit: .015}},
		rounds:  30, timeout: minute,
	}
}

func sleepers() work {
	return work{
		name:    "sleepers",
		about:   "1000 × sleep 1, all at once",
		fanout:  silent(1000, feed("yes 1 | head -n 1000", "fanout", "-j1000", "sleep")),
		rivals:  []contestant{silent(1000, feed("yes 1 | head -n 1000", "xargs", "-n1", "-P1000", "sleep")).forInformation()},
		targets: []target{{measure: wallTime, limit: 2.5}, {measure: peakMemory, limit: 100 * mib}},
		rounds:  longRounds, timeout: minute,
	}
}
