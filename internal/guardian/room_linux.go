package guardian

import (
	"os"

	"fanout/internal/limits"
	"fanout/internal/process"
	"fanout/internal/text"
)

// makeRoom has all threads made that the guardian will need, unless there is plenty of room, and
// makes sure that there is some for the runner.
func makeRoom() error {
	tightest, plenty := limits.RoomFor(process.Plenty)
	if plenty {
		return nil
	}
	const some = 10 // for a job, too
	if tightest.Left() < process.OfGuardian+some {
		return &noRoomError{tightest}
	}
	process.MakeGuardianThreads()
	return nil
}

// noRoomError says that a second fanout beside this one has no room.
type noRoomError struct{ limits.Processes }

func (e *noRoomError) Error() string { return e.String() }

// tooFew says on standard error that there is not even room for the threads of one fanout, and reports
// whether that is so: the Go runtime would die of it.
func (e *noRoomError) tooFew() bool {
	const own = 6 // that it makes after its start
	if e.Left() >= own {
		return false
	}
	text.Line(os.Stderr, "there is no room for the threads of fanout: %v; raise that", e)
	return true
}
