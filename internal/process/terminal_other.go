//go:build !linux

package process

import "time"

// Elsewhere a job that reads from the terminal waits until it is stopped.

const lookEvery = time.Second

func haveTerminal() bool { return false }

func (t *Tree) checkTerminal() {}
