package run

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"fanout/internal/limits"
	"fanout/internal/plan"
	"fanout/internal/process"
	"fanout/internal/template"
)

// demand is how much a run needs of something that the system limits.
type demand struct {
	own   int // in any case
	each  int // for each slot or worker
	least int // the part of each that cannot wait until another slot or worker has ended
}

func (d demand) of(n int) int { return d.own + n*d.each }

// fits returns for how many slots or workers there is room.
func (d demand) fits(room int) int { return (room - d.own) / d.each }

// ownThreads is how many threads a run makes beyond those of its start and those of its slots or workers.
const ownThreads = 5

// prepareProcess readies this process for its slots.
func (r *Run) prepareProcess() error {
	const files = 32
	processes := r.local.ProcessesPerJob()
	err := r.makeRoom(
		demand{own: files, each: r.local.FilesPerJob()},
		// Each slot sits in a system call, on a thread of its own.
		demand{own: ownThreads, each: 1 + processes, least: 2},
		processes,
	)
	if err != nil {
		return err
	}
	if n := r.plan.Schedule.Slots; n >= 2 && !r.scarce {
		runtime.GOMAXPROCS(process.Procs(n))
	}
	return nil
}

// makeRoom fits the number of slots or workers to what the system allows, and makes the threads that they need. A
// number that the user asked for and that is impossible is an error; one that is too much just now, because of what
// others have, becomes less for this run. processes is how many each has besides a thread of ours.
func (r *Run) makeRoom(files, all demand, processes int) error {
	n, err := fitFiles(&r.plan, files)
	if err != nil {
		return err
	}
	const times, more = 4, 100
	ample := times*all.of(n) + more
	tightest, plenty := limits.RoomFor(max(process.Plenty, ample))
	if r.scarce = !plenty && tightest.Left() < ample; r.scarce {
		note := ""
		if n, note, err = fitProcesses(&r.plan, n, all, tightest); err != nil {
			return err
		}
		if note != "" {
			r.notes = append(r.notes, note)
		}
		// There may be room for fewer, where it is unknown what others have.
		if n = r.sup.MakeThreads(n, processes); n == 0 {
			return fmt.Errorf("the system has no room for the threads of one job at a time: raise its limits (ulimit -u, pids.max)")
		}
	}
	r.sup.Expect(n, plenty)
	const goThreads = 10000 // the most that the runtime allows by itself
	if n > goThreads/2 {
		debug.SetMaxThreads(goThreads + 2*n)
	}
	return r.shrink(n)
}

// fitFiles returns how many slots or workers may have their open files. It is an error if these are fewer than the user
// asked for.
func fitFiles(p *plan.Plan, files demand) (int, error) {
	n, allowed := p.Schedule.Slots, limits.Files()
	if files.of(n) <= allowed {
		return n, nil
	}
	const text = "%d open files are needed and the system allows %d: "
	switch fits := files.fits(allowed); {
	case p.WorkersGiven:
		return 0, fmt.Errorf("-j %d: "+text+"use fewer workers (-j), or raise the hard limit (ulimit -Hn)", n, files.of(n), allowed)
	case fits < 1:
		return 0, fmt.Errorf("one job at a time: "+text+"raise the hard limit (ulimit -Hn)", files.of(1), allowed)
	default:
		return fits, nil
	}
}

// fitProcesses returns for how many of n slots or workers there is room, and a note for the user if they are fewer.
func fitProcesses(p *plan.Plan, n int, all demand, tightest limits.Processes) (fits int, note string, err error) {
	already := process.AtStart // of fanout's own
	if p.Guardian != 0 {
		already += process.OfGuardian
	}
	if least := already + all.own + n*all.least; p.WorkersGiven && least > tightest.Max {
		return 0, "", fmt.Errorf("-j %d: at least %d processes and threads are needed and %s allows %d: use fewer workers (-j), or raise that limit",
			n, least, tightest.Name, tightest.Max)
	}
	switch fits = all.fits(tightest.Left()); {
	case fits < 1:
		return 0, "", fmt.Errorf("one job at a time: %d more processes and threads are needed: %s; raise that limit", all.of(1), tightest)
	case fits < n:
		return fits, fmt.Sprintf("there is room for %d in place of %d jobs at a time: %s", fits, n, tightest), nil
	default:
		return n, "", nil
	}
}

// warnNoRoom tells the user why fewer jobs run than there are slots.
func (r *Run) warnNoRoom(err error) {
	r.short.Store(true)
	why := err.Error()
	if tightest, ok := limits.RoomFor(1); !ok {
		why = tightest.String()
	}
	r.warn("jobs wait for room for their processes: " + why)
}

// shrink makes the slots or workers fewer for all stages.
func (r *Run) shrink(n int) (err error) {
	if n == r.plan.Schedule.Slots {
		return nil
	}
	r.learn(func(f *plan.Facts) { f.Room = n })
	if r.plan.Template.Batch == template.BatchEven { // it spreads the items over them
		r.tmpl, err = template.Compile(r.plan.Template)
	}
	return err
}
