package registry

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"fanout/internal/text"
)

// Deed is what a cleanup has done, or would do.
type Deed string

// The deeds. Those about runs are told with the run's own process.
const (
	Killed      Deed = "killed"
	WouldKill   Deed = "would kill"
	NotKilled   Deed = "could not kill"
	Stopped     Deed = "stopped"
	WouldStop   Deed = "would stop"
	NotStopped  Deed = "could not stop"
	LeftAlone   Deed = "left alone"
	Removed     Deed = "entry removed"
	WouldRemove Deed = "would remove entry"
	Kept        Deed = "entry kept"
)

// Report tells one deed, about a process or a run.
type Report struct {
	Run     string // run ID
	PID     int
	Command []string
	Age     time.Duration
	Deed    Deed
	Why     string
}

// Cleanup ends the leftovers of runs that are over.
type Cleanup struct {
	Grace  time.Duration // between TERM and KILL
	Run    string        // only the run whose ID begins like this
	For    string        // only workers of the run on another machine that has this run ID
	Of     Guardian      // only the run that has this guardian
	DryRun bool          // only tell
	All    bool          // stop live runs, too
	Tell   func(Report)
	Remote func(Entry) error // ends the leftovers of a run on other machines; nil: they stay

	incomplete bool // something is left that should not be
}

// Guardian names a guardian: its pid, and its start in ticks since the system's start.
type Guardian struct {
	PID   int
	Start uint64
}

// Guards reports whether a run has this guardian.
func (g Guardian) Guards(e *Entry) bool { return e.Guardian == g.PID && e.GuardianStart == g.Start }

// Do cleans up. The error tells what is left, and which files of the registry are no entries.
func (c *Cleanup) Do(r *Registry) error {
	all, err := r.read(c.Run)
	defer func() {
		for _, e := range all {
			e.close()
		}
	}()
	if wrong := c.choose(all, err); wrong != nil {
		return wrong
	}
	all = slices.DeleteFunc(all, func(e *openEntry) bool {
		other := c.For != "" && e.For != c.For || c.Of != (Guardian{}) && !c.Of.Guards(&e.Entry)
		if other {
			e.close()
		}
		return other
	})
	c.sweep(c.judge(c.lock(all)))
	if c.Run == "" && c.For == "" && c.Of == (Guardian{}) && !c.DryRun {
		err = errors.Join(err, r.removeStale())
	}
	if c.incomplete {
		err = errors.Join(err, errors.New("something is left"))
	}
	return err
}

// choose checks that there is exactly one run with the ID that was given.
func (c *Cleanup) choose(all []*openEntry, err error) error {
	switch {
	case c.Run == "" || len(all) == 1:
		return nil
	case len(all) > 1:
		return fmt.Errorf("%d runs begin with %s: give more of its ID", len(all), text.Name(c.Run))
	case err != nil:
		return err
	default:
		return fmt.Errorf("no run %s", text.Name(c.Run))
	}
}

// tell reports a deed about a run.
func (c *Cleanup) tell(e *openEntry, deed Deed, why string) {
	switch deed {
	case NotKilled, NotStopped, Kept:
		c.incomplete = true
	}
	pid, _ := e.Visible()
	c.Tell(Report{e.RunID, pid, e.Command, time.Since(e.Started), deed, why})
}

// lock takes the locks of the runs that are over, and with All stops those that live first.
func (c *Cleanup) lock(all []*openEntry) (dead []*openEntry) {
	var live []*openEntry
	for _, e := range all {
		taken, err := e.taken(unix.LOCK_EX)
		switch {
		case err != nil:
			c.tell(e, Kept, err.Error())
		case !taken:
			if e.there() {
				dead = append(dead, e)
			}
		case !c.All:
			c.leave(e)
		case c.DryRun:
			c.tell(e, WouldStop, "")
		default:
			live = append(live, e)
		}
	}
	return append(dead, c.stop(live)...)
}

// leave tells that a live run is left alone. When the user has named that run, the cleanup has failed.
func (c *Cleanup) leave(e *openEntry) {
	if c.Run != "" {
		c.incomplete = true
	}
	c.tell(e, LeftAlone, "it is running; --all stops it")
}

// judge removes the entries from before the system's last start, of which nothing can be left, and keeps those of runs
// whose processes cannot be seen from here. Whoever names a run by its ID knows that it is not on another machine.
func (c *Cleanup) judge(dead []*openEntry) (rest []*openEntry) {
	boot := bootID()
	for _, e := range dead {
		other := e.Boot != boot && e.Boot != "" && boot != ""
		switch why := e.unseen(); {
		case why != "":
			c.tell(e, Kept, why)
		case other && c.Run == "" && e.elsewhere():
			c.tell(e, Kept, "the run was on another machine, or before this one got its name: --run "+ShortID(e.RunID)+" removes it")
		case other:
			c.remove(e, "the system has been restarted since")
		default:
			rest = append(rest, e)
		}
	}
	return rest
}

// elsewhere reports whether a run from another start of a system may be on another machine than this one, which shares
// the registry: that has another name, or this one runs for longer than the run.
func (e *Entry) elsewhere() bool {
	name, err := os.Hostname()
	return err != nil || e.Host != "" && e.Host != name || e.Started.After(booted())
}

// cleanRemote ends the leftovers on other machines of a run that is over, and returns why something is left.
func (c *Cleanup) cleanRemote(e *openEntry) (why string) {
	if e.Remote == nil || c.Remote == nil || c.DryRun {
		return ""
	}
	if later := e.counts().Hosts; later != nil {
		e.Remote.Hosts = later
	}
	if err := c.Remote(e.Entry); err != nil {
		return err.Error()
	}
	return ""
}

func (c *Cleanup) remove(e *openEntry, why string) {
	if c.DryRun {
		c.tell(e, WouldRemove, why)
	} else if err := e.remove(); err != nil {
		c.tell(e, Kept, err.Error())
	} else {
		c.tell(e, Removed, why)
	}
}

// removeStale removes files that belong to entries which are gone. A file that is about to become an entry is locked; a
// run whose file is removed before that begins again.
func (r *Registry) removeStale() (all error) {
	for _, d := range r.dirs {
		names, err := d.names()
		all = errors.Join(all, err)
		for _, name := range names {
			if belongsToEntry(name) {
				all = errors.Join(all, d.removeStale(name))
			}
		}
	}
	return all
}

func (d *directory) removeStale(name string) error {
	var st unix.Stat_t
	if unix.Fstatat(d.fd, name[:runIDLen]+entrySuffix, &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
		return nil
	}
	f, err := d.open(name)
	if err != nil {
		return nil // gone, or no file of ours
	}
	defer f.Close()
	if lock(f, unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil
	}
	return d.remove(name)
}
