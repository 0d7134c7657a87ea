package cmd

import (
	"errors"
	"slices"

	"fanout/internal/process"
)

// warnWeaker tells of the promises that do not hold on this system: a line for each thing that
// it lacks.
func (a *app) warnWeaker(lacks []process.Lack) {
	var unguarded process.Lack
	if errors.As(a.unguarded, &unguarded) && !slices.ContainsFunc(lacks, func(l process.Lack) bool { return l.Of == unguarded.Of }) {
		lacks = append([]process.Lack{unguarded}, lacks...)
	}
	for _, l := range lacks {
		a.messages.say("warning: %v", l)
	}
}
