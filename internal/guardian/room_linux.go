package guardian

import (
	"fmt"
	"os"

	"fanout/internal/limits"
)

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
	fmt.Fprintf(os.Stderr, "fanout: there is no room for the threads of fanout: %s; raise that\n", e)
	return true
}
