package run

import (
	"strings"
	"testing"

	"fanout/internal/limits"
	"fanout/internal/plan"
)

func TestFitFiles(t *testing.T) {
	allowed := limits.Files()
	tight := demand{own: allowed - 10, each: 4} // there is room for two
	for _, tt := range []struct {
		n     int
		given bool
		files demand
		want  int
		says  string
	}{
		{2, false, tight, 2, ""},
		{2, true, tight, 2, ""},
		{9, false, tight, 2, ""},
		{9, true, tight, 0, "-j 9: "},
		{9, false, demand{own: allowed, each: 1}, 0, "one job at a time: "},
	} {
		p := plan.Plan{WorkersGiven: tt.given}
		p.Schedule.Slots = tt.n
		got, err := fitFiles(&p, tt.files)
		if got != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%d, given: %t: %d, %v", tt.n, tt.given, got, err)
		}
	}
}

func TestFitProcesses(t *testing.T) {
	all := demand{own: 5, each: 3, least: 2}
	for name, tt := range map[string]struct {
		n        int
		given    bool
		guardian int
		limit    limits.Processes
		want     int
		says     string // the error, or the note
	}{
		"room for all":              {4, true, 1, limits.Processes{Max: 100, Used: 20}, 4, ""},
		"fewer for now":             {20, true, 1, limits.Processes{Max: 100, Used: 50}, 15, "there is room for 15 in place of 20 jobs"},
		"fewer of what was not":     {60, false, 1, limits.Processes{Max: 100, Used: 20}, 25, "there is room for 25 in place of 60 jobs"},
		"never":                     {60, true, 1, limits.Processes{Max: 100, Used: 20}, 0, "-j 60: at least 145 processes and threads are needed and X allows 100: "},
		"just so, without guardian": {43, true, 0, limits.Processes{Max: 99, Used: 10}, 28, "there is room for 28"},
		"not just so":               {43, true, 1, limits.Processes{Max: 99, Used: 10}, 0, "-j 43: at least 111 "},
		"none":                      {1, false, 1, limits.Processes{Max: 27, Used: 20}, 0, "one job at a time: 8 more processes and threads are needed: X allows 27 processes and threads, and 20 exist; raise that limit"},
		"none for what was asked":   {1, true, 1, limits.Processes{Max: 27, Used: 20}, 0, "one job at a time: 8 more "},
		"more than there may be":    {1, false, 1, limits.Processes{Max: 10, Used: 20}, 0, "one job at a time: "},
	} {
		p := plan.Plan{WorkersGiven: tt.given, Guardian: tt.guardian}
		tt.limit.Name = "X"
		got, said, err := fitProcesses(&p, tt.n, all, tt.limit)
		if err != nil {
			said = err.Error()
		}
		if got != tt.want || (err != nil) != (tt.want == 0) || !strings.HasPrefix(said, tt.says) || tt.says == "" && said != "" {
			t.Errorf("%s: %d, %s", name, got, said)
		}
	}
}
