// Fanout runs a command for each item of its input, many at once.
package main

import (
	"os"
	"runtime"

	"fanout/cmd"
	"fanout/internal/process/entry"
)

func init() { runtime.LockOSThread() } // as cmd.Main asks for

func main() {
	entry.Reopen()
	os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
