package cmd

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"fanout/internal/guardian"
	"fanout/internal/registry"
	"fanout/internal/remote"
)

// afterVerb is the argument of fanout worker with which a warden becomes this program when the runner has ended too
// early. The guardian's pid and start follow, and how long the leftovers have to end by themselves.
const afterVerb = "--after"

// endAfter ends what a run has left, and does what fanout cleanup does for this run. Nobody reads what it says.
func endAfter(pid, start, linger string) int {
	// The warden has ignored them, and Go does not for all.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	var of registry.Guardian
	of.PID, _ = strconv.Atoi(pid)
	of.Start, _ = strconv.ParseUint(start, 10, 64)
	most, _ := time.ParseDuration(linger)
	guarded := os.Getppid() == of.PID
	runs, err := registry.Open()
	if err != nil {
		guardian.After(most)
		return exitFanout
	}
	defer runs.Close()
	run, _ := runs.Of(of)
	if run.Remote != nil && !guarded && (remote.Spec{Kind: remote.Kind(run.Remote.Backend)}).HoldsJobs() {
		const toTell = 6 * time.Second // as the runner would have asked for
		most = toTell
	}
	guardian.After(most)
	if run.Remote != nil && guarded {
		return exitOK // other machines may take long to answer, and the user waits for the guardian
	}
	c := registry.Cleanup{Of: of, Tell: func(registry.Report) {}}
	c.Remote = func(e registry.Entry) error { return cleanRemote(e, c.Tell) }
	if c.Do(runs) != nil {
		return exitFanout
	}
	return exitOK
}
