// Fanout runs a command for each item of its input, many at once.
package main

import (
	"os"

	"fanout/cmd"
)

func main() {
	os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
