package plan

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"fanout/internal/collect"
	"fanout/internal/input"
	"fanout/internal/pool"
	"fanout/internal/progress"
	"fanout/internal/remote"
	"fanout/internal/template"
	"fanout/internal/template/words"
)

// asked is a plan as flags make it.
func asked() Plan {
	p := Plan{Threads: 2, Host: "here"}
	p.Schedule.Slots, p.Schedule.Retries, p.Schedule.Timeout = 3, 4, time.Minute
	p.Input.Delimiter = "\n"
	p.Template.Pipe = true
	return p
}

func TestResolve(t *testing.T) {
	rows := &words.Rows{Names: []string{"a"}}
	for _, tt := range []struct {
		name  string
		alter func(*Plan)
		facts Facts
		what  func(Plan) any
		want  any
	}{
		{"slots", nil, Facts{}, func(p Plan) any {
			return []int{p.Schedule.Slots, p.Execute.Slots, p.Collect.Slots, p.Template.Workers, p.Progress.Slots}
		}, []int{3, 3, 3, 6, 6}},
		{"room", nil, Facts{Room: 2}, func(p Plan) any {
			return []int{p.Schedule.Slots, p.Execute.Slots, p.Collect.Slots, p.Template.Workers, p.Progress.Slots}
		}, []int{2, 2, 2, 4, 4}},
		{"a pool", nil, Facts{Room: 2, Pooled: 130}, func(p Plan) any {
			return []int{p.Schedule.Slots, p.Execute.Slots, p.Collect.Slots, p.Template.Workers, p.Progress.Slots}
		}, []int{130, 2, 130, 4, 4}},
		{"of the schedule", nil, Facts{}, func(p Plan) any { return []any{p.Collect.Retries, p.Progress.Timeout} }, []any{4, time.Minute}},
		{"of the template", nil, Facts{}, func(p Plan) any { return []any{p.Execute.Pipe, p.Template.Terminator, p.Execute.Host} }, []any{true, "\n", "here"}},
		{"sources", func(p *Plan) { p.Input.Sources = make([]input.Source, 2) }, Facts{}, func(p Plan) any { return p.Template.Sources }, 2},
		{"rows", func(p *Plan) { p.Input.Format = input.CSV }, Facts{Rows: rows}, func(p Plan) any { return p.Template.Rows }, rows},
		{"inline", nil, Facts{Inline: true}, func(p Plan) any { return p.Collect.Instant }, true},
		{"processes", nil, Facts{}, func(p Plan) any { return p.Collect.Instant }, false},
		{"a dry run", func(p *Plan) { p.DryRun, p.Progress.Mode = true, progress.Bars }, Facts{}, func(p Plan) any { return p.Progress.Mode }, progress.None},
		{"jobs at the terminal", func(p *Plan) { p.Collect.Mode, p.Progress.Mode = collect.Raw, progress.Bars }, Facts{SharedTerminal: true},
			func(p Plan) any { return p.Progress.Mode }, progress.None},
		{"limits", nil, Facts{Limits: template.Limits{Arg: 5, Total: 10}}, func(p Plan) any { return p.Template.Limits }, template.Limits{Arg: 5, Total: 10}},
		{"elsewhere", elsewhere, Facts{WorkDir: "/w", Limits: template.Limits{Arg: 5, Total: 10}}, func(p Plan) any {
			return []any{p.Remote.Dir, p.Execute.Dir, p.Execute.Remote, p.Template.Workers, p.Template.Limits}
		}, []any{"/w", "", true, 5, template.Limits{Arg: 5, Total: 5}}},
		{"elsewhere in a directory", func(p *Plan) { elsewhere(p); p.Execute.Dir = "/d" }, Facts{WorkDir: "/w"},
			func(p Plan) any { return []any{p.Remote.Dir, p.Execute.Dir} }, []any{"/d", ""}},
	} {
		p := asked()
		if tt.alter != nil {
			tt.alter(&p)
		}
		got, err := Resolve(p, tt.facts)
		if err != nil || !reflect.DeepEqual(tt.what(got), tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, tt.what(got), err, tt.want)
		}
		later := tt.facts
		later.Limits, later.Pooled, later.Room = template.Limits{}, 0, 0
		if tt.facts.Pooled > 0 {
			continue
		}
		if again, err := Resolve(got, later); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: once more it is another: %v, %v", tt.name, again, err)
		}
	}
}

func elsewhere(p *Plan) {
	p.Remote = remote.Spec{Kind: remote.SSHKind, Dir: remote.SameDir, SSH: remote.SSH{Hosts: []pool.Host{{Threads: 4}, {}}}}
}

func TestResolveWithoutDirectory(t *testing.T) {
	p := asked()
	elsewhere(&p)
	if _, err := Resolve(p, Facts{NoWorkDir: errors.New("gone")}); err == nil || !strings.Contains(err.Error(), "gone; set the jobs' directory with --remote-dir") {
		t.Errorf("%v", err)
	}
}
