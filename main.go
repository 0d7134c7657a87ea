// Fanout runs a command for each item of its input, many at once.
package main

import (
	"os"
	"os/signal"
	"runtime"

	"fanout/cmd"
	"fanout/internal/process/entry"
)

func init() { runtime.LockOSThread() } // cmd.Main needs it

func main() {
	entry.Reopen()
	if ignored := entry.Ignored(); len(ignored) > 0 { // by everything that fanout starts, too
		signal.Ignore(ignored...)
	}
	os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
