package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// mostWorkers is more than fit on any machine.
const mostWorkers = 100_000

// ofCPUs says that a value of -j counts from the CPUs of this machine: N%, +N or -N.
func ofCPUs(s string) bool {
	return strings.HasSuffix(s, "%") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-")
}

// workers reads -j: N, N% of the CPUs, or +N and -N, which are N more or fewer than these.
// What counts from the CPUs is 1 at least.
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
			hint = "; for many more than that say how many, as in -j 200"
		}
		return 0, errors.New("the number of workers is a whole number from 1 on, or counts from the CPUs here: 150%, +2 or -1" + hint)
	}
	switch { // the CPUs are not asked for without need: that takes 0.06 ms
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
