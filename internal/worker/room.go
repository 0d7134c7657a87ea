package worker

import (
	"fmt"
	"runtime"

	"fanout/internal/execute"
	"fanout/internal/limits"
	"fanout/internal/process"
)

// makeRoom readies this process for this many jobs at a time, if the system allows them.
func makeRoom(threads int, local *execute.Local, sup *process.Supervisor) error {
	const own = 32
	if need, allowed := own+threads*local.FilesPerJob(), limits.Files(); need > allowed {
		return fmt.Errorf("%d open files are needed and the system allows %d: use fewer jobs at a time, or raise the hard limit (ulimit -Hn)", need, allowed)
	}
	const times, some = 4, 20
	processes := local.ProcessesPerJob()
	ample := times*threads*(1+processes) + some
	tightest, plenty := limits.RoomFor(max(process.Plenty, ample))
	sup.Expect(threads, plenty)
	if plenty || tightest.Left() >= ample {
		runtime.GOMAXPROCS(process.Procs(threads))
		return nil
	}
	if sup.MakeThreads(threads, processes) < threads {
		return fmt.Errorf("no room for its threads: %s; use fewer workers, or raise that limit", tightest)
	}
	return nil
}
