package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// mostWorkers is more than fit on any machine.
const mostWorkers = 100_000

// ofCPUs reports whether a value of -j counts from the CPUs of this machine: N%, +N or -N.
func ofCPUs(s string) bool {
	return strings.HasSuffix(s, "%") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-")
}

// workers parses -j: N, N% of the CPUs, or +N and -N, which are N more or fewer than the CPUs. Those are at least 1.
func workers(s string, howMany func() int) (int, error) {
	number, percent := strings.CutSuffix(s, "%")
	sign := ""
	if ofCPUs(number) {
		sign, number = number[:1], number[1:]
	}
	parsed, err := strconv.ParseUint(number, 10, 31)
	count := int(parsed)
	if err != nil || count == 0 && sign != "+" || percent && sign != "" {
		hint := ""
		if s == "0" {
			hint = "; for as many as possible, give a large number, such as -j 200"
		}
		return 0, errors.New("give a whole number, 1 or more, or count from the CPUs here: 150%, +2 or -1" + hint)
	}
	switch { // counting the CPUs takes 0.06 ms: only where they are needed
	case percent:
		count = max(1, count*howMany()/100)
	case sign == "+":
		count += howMany()
	case sign == "-":
		count = max(1, howMany()-count)
	}
	if count > mostWorkers {
		return 0, fmt.Errorf("more than %d workers do not fit on one machine", mostWorkers)
	}
	return count, nil
}
