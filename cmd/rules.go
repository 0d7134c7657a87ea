package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fanout/internal/remote"

	"github.com/spf13/pflag"
)

// relation is between a flag and others.
type relation string

const (
	excludes relation = "excludes" // each of the others
	needs    relation = "needs"    // one of the others
)

// rule says how each of some flags goes together with others. A flag is written as in messages, with a value where only
// that one counts; --backend alone is any backend but local.
type rule struct {
	flags    []string
	relation relation
	others   []string
	why      string
}

// rules lists which flags go together, as far as that does not depend on values other than those of a few words. The
// first broken rule is reported. docs/configuration.md prints the list.
func rules() []rule {
	return []rule{
		{[]string{"-0"}, excludes, []string{"-d"}, "give only one of them"},
		{[]string{"--csv"}, excludes, []string{"--tsv", "--jsonl", "--colsep"}, "an item has one format"},
		{[]string{"--tsv"}, excludes, []string{"--jsonl", "--colsep"}, "an item has one format"},
		{[]string{"--jsonl"}, excludes, []string{"--colsep"}, "an item has one format"},
		{[]string{"--format shell"}, excludes, []string{"--csv", "--tsv", "--jsonl", "--colsep"}, "an item has one format"},
		{[]string{"--format shell"}, excludes, []string{"-0", "-d"}, "blanks and newlines end its words"},
		{[]string{"--csv", "--tsv", "--jsonl"}, excludes, []string{"-0", "-d"}, "the format says where a row ends"},
		{[]string{"--link"}, excludes, []string{"--csv", "--tsv", "--jsonl", "--colsep"}, "rows of several sources are read one after the other"},
		{[]string{"--header"}, excludes, []string{"--jsonl"}, "each object has the names of its members"},
		{[]string{"--header"}, needs, []string{"--csv", "--tsv", "--colsep", ":::", "::::", "-a"}, "the first row or value has the names; add one of them, or leave this flag out"},
		{[]string{"--strict"}, needs, []string{"--csv", "--tsv", "--jsonl", "--colsep"}, "add one of them, or leave this flag out"},

		{[]string{"--commands"}, excludes, []string{"--csv", "--tsv", "--jsonl", "--colsep", "--format shell"}, "a whole line is a command"},
		{[]string{"--commands"}, excludes, []string{"--link"}, "commands come from one source"},
		{[]string{"--commands"}, excludes, []string{"--pipe", "--persistent"}, "the items are the commands, and there is no COMMAND that could read them"},
		{[]string{"--commands"}, excludes, []string{"--programs"}, "commands are run as they are, and no item in them is followed"},

		{[]string{"--persistent"}, excludes, []string{"--pipe"}, "a persistent program reads its items from standard input anyway"},
		{[]string{"--persistent"}, excludes, []string{"--mode thread"}, "a persistent program is a worker process; leave out --mode"},
		{[]string{"--persistent"}, excludes, []string{"--backend"}, "persistent programs run on this machine; start the program in COMMAND"},
		{[]string{"--threads", "--nice", "--cpu-affinity"}, excludes, []string{"--persistent"}, "put nice or taskset into COMMAND; -j N says how many copies run"},
		{[]string{"--frames", "--window", "--warm-up"}, needs, []string{"--persistent"}, "add that, or leave this flag out"},

		{[]string{"--mode thread"}, excludes, []string{"--backend"}, "jobs on other machines run in worker processes; leave out --mode"},
		{[]string{"--cpu-affinity"}, excludes, []string{"--backend"}, "it binds workers of this machine; put taskset into COMMAND"},
		{[]string{"--threads", "--nice", "--cpu-affinity"}, needs, []string{"--mode process", "--backend"}, "only worker processes have it; add one of them, or leave this flag out"},
		{[]string{"--hosts", "--hosts-file", "--ssh-command"}, needs, []string{"--backend ssh"}, "add that, or leave this flag out"},
		{[]string{"--slurm-args", "--workers-per-node"}, needs, []string{"--backend slurm"}, "add that, or leave this flag out"},
		{(*rayFlags).names(nil), needs, []string{"--backend ray"}, "add that, or leave this flag out"},
		{[]string{"--remote-dir", "--heartbeat", "--at-most-once"}, needs, []string{"--backend ssh", "--backend slurm", "--backend ray"}, "add one of them, or leave this flag out"},
		{[]string{"--hosts"}, excludes, []string{"--hosts-file"}, "write all hosts into the file"},
		{[]string{"--backend ssh"}, needs, []string{"--hosts", "--hosts-file"}, "name the hosts, as in --hosts n1:8,n2:8"},
		{[]string{"-j"}, excludes, []string{"--workers-per-node"}, "leave out -j for workers on all nodes of the allocation"},

		{[]string{"--retry-delay"}, needs, []string{"--retries"}, "say with --retries N how often a failed job is retried"},

		{[]string{"-k"}, excludes, []string{"--output raw"}, "what jobs write by themselves cannot be put in order; use --output group or line"},
		{[]string{"--tag"}, excludes, []string{"--output raw"}, "what jobs write by themselves cannot be tagged; use --output group or line"},
		{[]string{"--tag"}, excludes, []string{"--json"}, "an object names the job's items"},
		{[]string{"--json", "--results", "--error-dir"}, excludes, []string{"--output line", "--output raw"}, "a job's output is held until it has ended; use --output group"},
		{[]string{"--json-limit"}, needs, []string{"--json"}, "it limits the output in the objects; add that, or leave this flag out"},
		{[]string{"--max-error-files"}, needs, []string{"--error-dir"}, "say with --error-dir DIR where to keep them"},
		{[]string{"--journal-sync", "--resume", "--retry-failed", "--force"}, needs, []string{"--journal"}, "say with --journal FILE which journal"},
		{[]string{"--resume"}, excludes, []string{"--retry-failed"}, "--resume also runs what has failed"},
		{[]string{"--force"}, needs, []string{"--resume", "--retry-failed"}, "it lets them use the journal of another COMMAND; add one of them, or leave this flag out"},

		{[]string{"-v"}, excludes, []string{"-q"}, "-v asks for a log, and -q for silence"},
		{[]string{"-v"}, excludes, []string{"--log-level"}, "-v is --log-level info, and -vv is debug"},
	}
}

// given tells which flags of a command line hold.
type given struct {
	set     *pflag.FlagSet
	backend remote.Kind // where jobs run, also when that was found out
	sources bool        // there are sources after COMMAND
}

// check returns an error for the first rule that is broken.
func (g given) check(rules []rule) error {
	for _, r := range rules {
		for _, flag := range r.flags {
			if !g.holds(flag) {
				continue
			}
			i := slices.IndexFunc(r.others, g.holds)
			switch {
			case r.relation == excludes && i >= 0:
				return fmt.Errorf("%s and %s exclude each other: %s", flag, r.others[i], r.why)
			case r.relation == needs && i < 0:
				return fmt.Errorf("%s needs %s: %s", flag, either(r.others), r.why)
			}
		}
	}
	return nil
}

// holds reports whether a flag of a rule is given: with the value that the rule names, or with any that is not the same
// as leaving the flag out.
func (g given) holds(flag string) bool {
	name, value, valued := strings.Cut(flag, " ")
	if strings.HasPrefix(name, ":::") {
		return g.sources
	}
	if name == "--backend" {
		return string(g.backend) == value || !valued && g.backend != remote.Local
	}
	f := flagNamed(g.set, name)
	if f == nil || !f.Changed {
		return false
	}
	switch have := f.Value.String(); {
	case valued:
		return strings.EqualFold(have, value)
	case f.Value.Type() == "count":
		return have != "0"
	case f.Name == "delimiter":
		return have != "\n" && have != `\n`
	case f.NoOptDefVal != "":
		yes, err := strconv.ParseBool(have)
		return yes || err != nil
	}
	return true
}

// flagNamed finds a flag by its name with dashes, as in -k or --keep-order. It returns nil for ::: and ::::.
func flagNamed(set *pflag.FlagSet, name string) *pflag.Flag {
	if name[0] != '-' {
		return nil
	}
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return set.Lookup(long)
	}
	return set.ShorthandLookup(name[1:])
}

// either joins alternatives: a, b or c.
func either(all []string) string {
	last := len(all) - 1
	if last == 0 {
		return all[0]
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}
