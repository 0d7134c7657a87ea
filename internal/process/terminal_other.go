//go:build !linux

package process

import "time"

// On these systems, a job that reads from the terminal waits until the user stops it.

const lookEvery = time.Second

func haveTerminal() bool { return false }

func (t *Tree) checkTerminal() {}
