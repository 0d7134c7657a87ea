package cmd

import (
	"os"
	"strconv"
)

// guarded reports whether a command line needs a guardian. It looks at it before any flag is parsed: that is why
// --no-guardian must be the first.
func guarded(args []string) bool {
	if no, err := strconv.ParseBool(os.Getenv("FANOUT_NO_GUARDIAN")); err == nil && no {
		return false
	}
	if len(args) == 0 {
		return false
	}
	switch first := args[0]; first {
	case "--no-guardian", "--no-guardian=true", "--help", "-h", "--version", "-V":
		return false
	case "cleanup", "ps", "version", "completion", "help", workerCommand:
		return false
	default:
		return !completes(args)
	}
}
