package main

// drawn is what the progress display may cost: 3 % of the speed.
const drawn = 1 / (1 - .03)

// shown is the same work with bars on a terminal, and with none.
func shown(name, about string, with contestant, argv ...string) work {
	with.command.terminal = true
	without := with
	without.label = "no progress"
	without.command.argv = append([]string{"fanout", "--progress", "none"}, argv...)
	with.command.argv = append([]string{"fanout", "--progress", "bars"}, argv...)
	with.command.draws = true
	return work{
		name:    name,
		about:   about,
		fanout:  with,
		rivals:  []contestant{without},
		targets: []target{{measure: wallRatio, rival: without.label, limit: drawn}},
		rounds:  shortRounds, timeout: 2 * minute,
	}
}

func progressTrue() work {
	return shown("progress-true", "6000 × a small dynamic program, 4 at a time, with bars on a terminal",
		silent(6000, feed("seq 6000")), "-j4", "/usr/bin/true")
}

// progressBuiltin has the most events a second.
func progressBuiltin() work {
	return shown("progress-echo-script", "three million × echo, which fanout does itself, with bars on a terminal",
		counting(3000000, feed("seq 3000000")), "echo {}")
}
