package cmd

import (
	"os"
	"strconv"
)

// guarded says whether what the arguments ask for needs a guardian. It is asked
// before any flag is parsed, so --no-guardian must come before the other flags.
func guarded(args []string) bool {
	if no, err := strconv.ParseBool(os.Getenv("FANOUT_NO_GUARDIAN")); err == nil && no {
		return false
	}
	if len(args) == 0 {
		return false
	}
	switch first := args[0]; first {
	case "--no-guardian", "--no-guardian=true", "--help", "-h":
		return false
	case "cleanup", "ps", "version", "completion", "help", workerCommand:
		return false
	default:
		return !completes(args)
	}
}
