package execute

import (
	"slices"
	"strconv"
	"strings"

	"fanout/internal/job"
	"fanout/internal/process"
)

// environment is what all jobs of a run find in theirs.
type environment struct {
	base      []string
	run       string          // the run ID
	outer     string          // a blank and the job IDs of the job that fanout itself runs in, if any
	path      string          // PATH
	functions map[string]bool // functions that bash would import
	alters    bool            // a variable changes what bash does with a script
}

func newEnvironment(s Spec) environment {
	e := environment{functions: map[string]bool{}, path: process.DefaultPath, run: s.RunID}
	for _, kv := range s.Environ {
		e.base = setVariable(e.base, kv)
	}
	if s.Dir != "" {
		e.base = setVariable(e.base, "PWD="+s.Dir)
	}
	for _, kv := range s.Env {
		e.base = setVariable(e.base, kv)
	}
	for _, kv := range s.Environ {
		if ids, ok := strings.CutPrefix(kv, process.JobIDVariable+"="); ok && ids != "" {
			e.outer = " " + ids
		}
	}
	for _, own := range []string{process.JobIDVariable, "FANOUT_SEQ", "FANOUT_SLOT", "FANOUT_ATTEMPT", "FANOUT_RUN", "FANOUT_HOST"} {
		e.base = slices.DeleteFunc(e.base, func(kv string) bool { return strings.HasPrefix(kv, own+"=") })
	}
	e.base = append(e.base, "FANOUT_RUN="+s.RunID)
	if s.Host != "" {
		e.base = append(e.base, "FANOUT_HOST="+s.Host)
	}
	searched := false
	for _, kv := range e.base {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case name == "PATH":
			e.path = value
			searched = value != ""
		case strings.HasPrefix(name, "BASH_FUNC_"):
			name = strings.TrimPrefix(name, "BASH_FUNC_")
			name = strings.TrimSuffix(name, "%%")
			e.functions[name] = true
			e.alters = e.alters || name == "command_not_found_handle"
		case slices.Contains([]string{"BASH_ENV", "SHELLOPTS", "BASHOPTS", "POSIXLY_CORRECT"}, name):
			e.alters = true
		}
	}
	e.alters = e.alters || !searched // bash searches the folders that it was compiled with
	return e
}

// Variables returns the environment of jobs without the variables that differ from job to job: the limits of the system
// are counted with it.
func Variables(s Spec) []string { return newEnvironment(s).base }

// Environ returns environ with the IDs of a run and of its one job.
func Environ(environ []string, run, jobID string) []string {
	e := newEnvironment(Spec{Environ: environ, RunID: run})
	return append(e.base, process.JobIDVariable+"="+jobID+e.outer)
}

// setVariable replaces or adds K=V, so that a program sees one value only.
func setVariable(env []string, kv string) []string {
	name, _, _ := strings.Cut(kv, "=")
	for i, old := range env {
		if strings.HasPrefix(old, name) && strings.HasPrefix(old[len(name):], "=") {
			env[i] = kv
			return env
		}
	}
	return append(env, kv)
}

// forJob adds the variables that differ from job to job to a copy of the base, which buf keeps for the slot: the base
// itself is copied once.
func (e *environment) forJob(buf []string, j job.Job) []string {
	if len(buf) == 0 {
		buf = append(buf, e.base...)
	}
	return append(buf[:len(e.base)],
		process.JobIDVariable+"="+e.jobID(j)+e.outer,
		"FANOUT_SEQ="+strconv.FormatInt(j.Seq(), 10),
		"FANOUT_SLOT="+strconv.Itoa(j.Slot),
		"FANOUT_ATTEMPT="+strconv.Itoa(j.Attempt))
}

// jobID returns the ID by which a job's processes are told from all others on the system.
func (e *environment) jobID(j job.Job) string {
	return e.run + "." + strconv.FormatInt(j.Index, 10) + "." + strconv.Itoa(j.Attempt)
}
