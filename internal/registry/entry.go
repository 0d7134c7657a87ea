// Package registry keeps account of this user's runs, and ends the leftovers of runs that were killed together with
// their guardians and wardens.
//
// Each run has an entry, a [Registration], in a directory, the registry, and holds a lock on it as long as it lives:
// whoever gets the lock knows that the run is over. The entry does not tell which processes belong to the run, since
// they come and go: a [Cleanup] finds them by the run's ID in their environment.
package registry

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"fanout/internal/sysio"
)

// version is the format of an entry.
const version = 1

// Entry is what the registry knows of a run.
type Entry struct {
	Version       int       `json:"version"`
	RunID         string    `json:"mark"`
	For           string    `json:"for,omitempty"`    // of a worker: the ID of the run on another machine that it works for
	Boot          string    `json:"boot_id"`          // of the start of the system
	Host          string    `json:"host,omitempty"`   // the machine's name; "": not known
	PIDNamespace  uint64    `json:"pid_ns,omitempty"` // in which PID is valid; 0: not known
	PID           int       `json:"pid"`
	Start         uint64    `json:"start"` // of PID, in ticks since the system's start
	Guardian      int       `json:"guardian"`
	GuardianStart uint64    `json:"guardian_start"`
	Command       []string  `json:"command"`
	Dir           string    `json:"cwd"`
	Started       time.Time `json:"started"`
	TmpDir        string    `json:"tmpdir"`

	Remote *Remote `json:"elsewhere,omitempty"` // of a run whose jobs run on other machines
}

// Remote tells where a run may have leftovers on other machines.
type Remote struct {
	Backend string   `json:"backend"`
	Command []string `json:"command"` // that reaches the hosts
	Hosts   []string `json:"places"`
}

// Visible returns the process by which the user knows the run, and its start.
func (e *Entry) Visible() (pid int, start uint64) {
	if e.Guardian != 0 {
		return e.Guardian, e.GuardianStart
	}
	return e.PID, e.Start
}

// Counts is how far a run has come.
type Counts struct {
	Done     int64     `json:"done"` // failed jobs too
	Failed   int64     `json:"failed"`
	Running  int64     `json:"running"`
	Waiting  int64     `json:"waiting,omitempty"`  // for a worker, or for room for their processes
	Draining bool      `json:"draining,omitempty"` // no more jobs start
	At       time.Time `json:"at"`
	Hosts    []string  `json:"places,omitempty"` // as in Remote, with those that were added later
}

// same reports whether nothing has happened between two counts.
func (c Counts) same(d Counts) bool {
	return c.Done == d.Done && c.Failed == d.Failed && c.Running == d.Running && c.Waiting == d.Waiting && c.Draining == d.Draining && slices.Equal(c.Hosts, d.Hosts)
}

// runIDLen is the length of a run ID.
const runIDLen = 32

// NewRunID returns the ID of a new run: 128 random bits, so that no two runs have the same.
func NewRunID() (string, error) {
	var id [runIDLen / 2]byte
	if err := sysio.Random(id[:]); err != nil {
		return "", fmt.Errorf("the run ID: getrandom is refused: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// ShortID returns the first digits of a run ID, as people see it.
func ShortID(runID string) string { return runID[:min(8, len(runID))] }

// IsID reports whether s can be the beginning of a run ID.
func IsID(s string) bool {
	return s != "" && len(s) <= runIDLen && strings.Trim(s, "0123456789abcdef") == ""
}

// TmpName returns the prefix of the names of a run's temporary files.
func TmpName(runID string) string { return "fanout-" + runID + "-" }

func isRunID(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == runIDLen && IsID(s)
}

// commandMax limits how much is kept of a command line, which may hold a million items.
const commandMax = 2 << 10

// shorten returns the first words.
func shorten(words []string) []string {
	room := commandMax
	for i, w := range words {
		if len(w) > room {
			return append(words[:i:i], strings.ToValidUTF8(w[:room], "")+"...")
		}
		room -= len(w)
	}
	return words
}
