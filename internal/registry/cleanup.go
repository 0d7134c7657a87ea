package registry

import (
	"errors"
	"fmt"
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

// Report is one thing that was done, to a process or to a run.
type Report struct {
	Run     string // its mark
	PID     int
	Command []string
	Age     time.Duration
	Deed    Deed
	Why     string
}

// Cleanup ends what is left of runs that are over.
type Cleanup struct {
	Grace  time.Duration // between TERM and KILL
	Run    string        // only the run whose mark begins like this
	For    string        // only workers of the run on another machine that has this mark
	DryRun bool          // only tell
	All    bool          // runs that live, too
	Tell   func(Report)
	Remote func(Entry) error // ends what a run has left on other machines; nil: nothing does

	left bool // something that should not be
}

// Do does it. The error is about what is left, and about what is in the registry and
// is no entry.
func (c *Cleanup) Do(r *Registry) error {
	all, err := r.read(c.Run)
	defer func() {
		for _, rec := range all {
			rec.close()
		}
	}()
	if wrong := c.choose(all, err); wrong != nil {
		return wrong
	}
	if c.For != "" {
		all = slices.DeleteFunc(all, func(rec *record) bool {
			other := rec.For != c.For
			if other {
				rec.close()
			}
			return other
		})
	}
	c.hunt(c.judge(c.lock(all)))
	if c.Run == "" && c.For == "" && !c.DryRun {
		err = errors.Join(err, r.sweep())
	}
	if c.left {
		err = errors.Join(err, errors.New("something is left"))
	}
	return err
}

// choose checks that the run that was asked for is one, and the only one.
func (c *Cleanup) choose(all []*record, err error) error {
	switch {
	case c.Run == "" || len(all) == 1:
		return nil
	case len(all) > 1:
		return fmt.Errorf("%d runs begin with %s: give more of it", len(all), text.Name(c.Run))
	case err != nil:
		return err
	default:
		return fmt.Errorf("no run %s", text.Name(c.Run))
	}
}

func (c *Cleanup) tell(rec *record, deed Deed, why string) {
	switch deed {
	case NotKilled, NotStopped, Kept:
		c.left = true
	}
	pid, _ := rec.Visible()
	c.Tell(Report{rec.RunID, pid, rec.Command, time.Since(rec.Started), deed, why})
}

// lock takes the locks of the runs that are over, having stopped those that live if
// that is wanted.
func (c *Cleanup) lock(all []*record) (dead []*record) {
	var live []*record
	for _, rec := range all {
		taken, err := rec.taken(unix.LOCK_EX)
		switch {
		case err != nil:
			c.tell(rec, Kept, err.Error())
		case !taken:
			if rec.there() {
				dead = append(dead, rec)
			}
		case !c.All:
			c.leave(rec)
		case c.DryRun:
			c.tell(rec, WouldStop, "")
		default:
			live = append(live, rec)
		}
	}
	return append(dead, c.stop(live)...)
}

// leave tells of a run that lives. Who has asked for that very run did not get what
// they wanted.
func (c *Cleanup) leave(rec *record) {
	if c.Run != "" {
		c.left = true
	}
	c.tell(rec, LeftAlone, "it runs; --all stops it")
}

// judge removes the entries from before the system's last start, of which nothing
// can be left, and keeps those of runs whose processes cannot be seen from here.
func (c *Cleanup) judge(dead []*record) (rest []*record) {
	boot := bootID()
	for _, rec := range dead {
		if why := rec.unseen(); why != "" {
			c.tell(rec, Kept, why)
		} else if rec.Boot != boot && rec.Boot != "" && boot != "" {
			c.remove(rec, "the system was started again since")
		} else {
			rest = append(rest, rec)
		}
	}
	return rest
}

// cleanRemote sees to what a run that is over has left elsewhere, and says why something is left.
func (c *Cleanup) cleanRemote(rec *record) (why string) {
	if rec.Remote == nil || c.Remote == nil || c.DryRun {
		return ""
	}
	if later := rec.counts().Hosts; later != nil {
		rec.Remote.Hosts = later
	}
	if err := c.Remote(rec.Entry); err != nil {
		return err.Error()
	}
	return ""
}

func (c *Cleanup) remove(rec *record, why string) {
	if c.DryRun {
		c.tell(rec, WouldRemove, why)
	} else if err := rec.remove(); err != nil {
		c.tell(rec, Kept, err.Error())
	} else {
		c.tell(rec, Removed, why)
	}
}

// sweep removes what goes with entries that there are no more. Those who are about to
// become one hold a lock, or begin again.
func (r *Registry) sweep() (all error) {
	for _, d := range r.dirs {
		names, err := d.names()
		all = errors.Join(all, err)
		for _, name := range names {
			if leftover(name) {
				all = errors.Join(all, d.sweep(name))
			}
		}
	}
	return all
}

func (d *directory) sweep(name string) error {
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
