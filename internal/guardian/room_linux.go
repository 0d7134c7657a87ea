package guardian

import (
	"os"

	"fanout/internal/limits"
	"fanout/internal/process"
	"fanout/internal/text"
)

// makeRoom makes all threads that the guardian will need, unless there is plenty of room, and makes sure that there is
// room for the runner.
func makeRoom() error {
	tightest, plenty := limits.RoomFor(process.Plenty)
	if plenty {
		return nil
	}
	const some = 10 // for the runner and a job
	if tightest.Left() < process.OfGuardian+some {
		return &noRoomError{tightest}
	}
	process.MakeGuardianThreads()
	return nil
}

// noRoomError says that there is no room for a second fanout beside this one.
type noRoomError struct{ limits.Processes }

func (e *noRoomError) Error() string { return e.String() }

// tooFew says on standard error that there is not even room for the threads of one fanout, and reports whether that is
// so: the Go runtime would die of it.
func (e *noRoomError) tooFew() bool {
	const own = 6 // threads that a fanout makes after its start
	if e.Left() >= own {
		return false
	}
	text.Line(os.Stderr, "no room for the threads of fanout: %v; raise that limit", e)
	return true
}
