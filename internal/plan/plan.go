// Package plan holds the Specs of all stages in one struct that does not change
// once it is made, and checks what concerns more than one of them.
package plan

import (
	"errors"

	"fanout/internal/collect"
	"fanout/internal/execute"
	"fanout/internal/input"
	"fanout/internal/process"
	"fanout/internal/schedule"
	"fanout/internal/template"
)

// Plan is all that a run needs to know.
type Plan struct {
	Input    input.Spec
	Template template.Spec
	Schedule schedule.Spec
	Process  process.Spec
	Execute  execute.Spec
	Collect  collect.Spec

	Out    string // file for standard output; "" for our own
	DryRun bool   // print what would run
	Quiet  bool   // no summary, no warnings

	NoGuardian bool // nothing watches over this process
	Guardian   int  // the process that does; 0 is none
}

// Check reports what cannot work together.
func (p Plan) Check() error {
	raw := p.Collect.Mode == collect.Raw
	switch {
	case raw && p.Collect.KeepOrder:
		return errors.New("-k and --output raw exclude each other: what jobs write by themselves cannot be put in order; use --output group or line")
	case raw && p.Collect.Tag:
		return errors.New("--tag and --output raw exclude each other: what jobs write by themselves cannot be tagged; use --output group or line")
	}
	return p.Input.Validate()
}
