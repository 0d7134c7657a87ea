package cmd

import (
	"errors"
	"slices"

	"fanout/internal/process"
)

// warnLacks warns of the guarantees that this system does not allow, in a line for each thing that it lacks.
func (a *app) warnLacks(lacks []process.Lack) {
	var unguarded process.Lack
	said := func(l process.Lack) bool {
		return l.Of == unguarded.Of || unguarded.Of == process.Wardens && l.Of == process.Proc // which there is none without
	}
	if errors.As(a.unguarded, &unguarded) && !slices.ContainsFunc(lacks, said) {
		lacks = append([]process.Lack{unguarded}, lacks...)
	}
	for _, l := range lacks {
		a.messages.say("warning: %v", l)
	}
}
