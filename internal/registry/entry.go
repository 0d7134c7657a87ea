// Package registry keeps account of this user's runs, and ends what runs have left
// behind that were killed themselves, guardian and all.
//
// Each run has an entry in a directory, the registry, and holds a lock on it as
// long as it lives: who can have the lock knows that the run is over. Which
// processes were the run's is not in the registry, since they come and go: they
// bear the run's mark in their environment, and are searched for.
package registry

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"fanout/internal/sysio"
)

// version is of what is in an entry.
const version = 1

// Entry is what the registry knows of a run.
type Entry struct {
	Version       int       `json:"version"`
	RunID         string    `json:"mark"`
	For           string    `json:"for,omitempty"`    // of a worker: the mark of the run on another machine that it works for
	Boot          string    `json:"boot_id"`          // of the system's start that the run belongs to
	PIDNamespace  uint64    `json:"pid_ns,omitempty"` // in which PID is one; 0 is not known
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

// IsRemote says where a run may have left something on other machines.
type Remote struct {
	Backend string   `json:"backend"`
	Command []string `json:"command"` // that reaches them
	Hosts   []string `json:"places"`
}

// Visible is the process that the user knows the run by, and its start.
func (e *Entry) Visible() (pid int, start uint64) {
	if e.Guardian != 0 {
		return e.Guardian, e.GuardianStart
	}
	return e.PID, e.Start
}

// Counts is how far a run has come.
type Counts struct {
	Done     int64     `json:"done"` // failed ones too
	Failed   int64     `json:"failed"`
	Running  int64     `json:"running"`
	Waiting  int64     `json:"waiting,omitempty"`  // for a worker, or for room for their processes
	Draining bool      `json:"draining,omitempty"` // no more jobs start
	At       time.Time `json:"at"`
	Hosts    []string  `json:"places,omitempty"` // as in Elsewhere, with those that have come later
}

// same says that nothing has happened in between.
func (c Counts) same(d Counts) bool {
	return c.Done == d.Done && c.Failed == d.Failed && c.Running == d.Running && c.Waiting == d.Waiting && c.Draining == d.Draining && slices.Equal(c.Hosts, d.Hosts)
}

// runIDLen is the length of a run's mark.
const runIDLen = 32

// NewRunID is the mark of a new run: 128 random bits, so that no two have the same.
func NewRunID() (string, error) {
	var id [runIDLen / 2]byte
	if err := sysio.Random(id[:]); err != nil {
		return "", fmt.Errorf("a name for this run: getrandom is refused: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// ShortID names a run to people: the beginning of its mark.
func ShortID(mark string) string { return mark[:min(8, len(mark))] }

// IsID says that s can be the beginning of a mark.
func IsID(s string) bool {
	return s != "" && len(s) <= runIDLen && strings.Trim(s, "0123456789abcdef") == ""
}

// TmpName is how the names of a run's temporary files begin.
func TmpName(mark string) string { return "fanout-" + mark + "-" }

func isRunID(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == runIDLen && IsID(s)
}

// commandMax bounds what is kept of a command line, which may hold a million items.
const commandMax = 2 << 10

// shorten keeps the first words.
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
