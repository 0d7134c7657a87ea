package run

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"fanout/internal/limits"
	"fanout/internal/process"
	"fanout/internal/template"
)

// demand is what a run takes of something that the system limits.
type demand struct {
	own   int // whatever it does
	each  int // for each slot or worker
	least int // of that, what cannot wait until another has ended
}

func (d demand) of(n int) int { return d.own + n*d.each }

// fits is for how many there is room.
func (d demand) fits(room int) int { return (room - d.own) / d.each }

// ownThreads is how many threads a run makes beyond those that there are when it begins, but for
// those of its slots or workers.
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
	if n := r.plan.Schedule.Workers; n >= 2 && !r.scarce {
		runtime.GOMAXPROCS(process.Procs(n))
	}
	return nil
}

// makeRoom fits the number of slots or workers to what the system allows, and has the threads
// made that they need. A number that was asked for and is not possible is an error; one that is
// too much just now, because of what others have, is less for this run. processes is how many
// each has beside a thread of ours.
func (r *Run) makeRoom(files, all demand, processes int) error {
	n, err := r.fitFiles(r.plan.Schedule.Workers, files)
	if err != nil {
		return err
	}
	const times, more = 4, 100
	ample := times*all.of(n) + more
	tightest, plenty := limits.RoomFor(max(process.Plenty, ample))
	if r.scarce = !plenty && tightest.Left() < ample; r.scarce {
		if n, err = r.fitProcesses(n, all, tightest); err != nil {
			return err
		}
		// There are fewer if what others have cannot be seen from here.
		if n = r.sup.MakeThreads(n, processes); n == 0 {
			return fmt.Errorf("the system has no room for the threads of one job at a time: raise what it allows (ulimit -u, pids.max)")
		}
	}
	r.sup.Expect(n, plenty)
	const goThreads = 10000 // as many as the runtime lets there be
	if n > goThreads/2 {
		debug.SetMaxThreads(goThreads + 2*n)
	}
	return r.lower(n)
}

// fitFiles lowers a number of workers that was not asked for, if they need more open files
// than are allowed.
func (r *Run) fitFiles(n int, files demand) (int, error) {
	allowed := limits.Files()
	if files.of(n) <= allowed {
		return n, nil
	}
	const text = "%d open files are needed and the system allows %d: "
	switch fits := files.fits(allowed); {
	case r.plan.WorkersGiven:
		return 0, fmt.Errorf("-j %d: "+text+"use fewer workers (-j), or raise the hard limit (ulimit -Hn)", n, files.of(n), allowed)
	case fits < 1:
		return 0, fmt.Errorf("one job at a time: "+text+"raise the hard limit (ulimit -Hn)", files.of(1), allowed)
	default:
		return fits, nil
	}
}

// fitProcesses lowers a number of workers to what there is room for.
func (r *Run) fitProcesses(n int, all demand, tightest limits.Processes) (int, error) {
	already := process.AtStart // of fanout's own
	if r.plan.Guardian != 0 {
		already += process.OfGuardian
	}
	if least := already + all.own + n*all.least; r.plan.WorkersGiven && least > tightest.Max {
		return 0, fmt.Errorf("-j %d: at least %d processes and threads are needed and %s allows %d: use fewer workers (-j), or raise that",
			n, least, tightest.Name, tightest.Max)
	}
	switch fits := all.fits(tightest.Left()); {
	case fits < 1:
		return 0, fmt.Errorf("one job at a time: %d more processes and threads are needed: %s; raise that", all.of(1), tightest)
	case fits < n:
		r.notes = append(r.notes, fmt.Sprintf("there is room for %d in place of %d jobs at a time: %s", fits, n, tightest))
		return fits, nil
	default:
		return n, nil
	}
}

// warnNoRoom says why fewer jobs run than there are slots.
func (r *Run) warnNoRoom(err error) {
	r.short.Store(true)
	why := err.Error()
	if tightest, ok := limits.RoomFor(1); !ok {
		why = tightest.String()
	}
	r.warn("jobs wait until others have made room for their processes: " + why)
}

// lower makes the slots or workers fewer for all stages.
func (r *Run) lower(n int) (err error) {
	p := &r.plan
	if n == p.Schedule.Workers {
		return nil
	}
	p.Schedule.Workers, p.Execute.Slots, p.Collect.Slots = n, n, n
	p.Progress.Slots, p.Template.Workers = n*p.Threads, n*p.Threads
	if p.Template.Batch == template.BatchEven { // it spreads the items over them
		r.tmpl, err = template.Compile(p.Template)
	}
	return err
}
