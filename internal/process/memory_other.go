//go:build !linux

package process

import "time"

const memoryEvery = time.Second

// CanLimitMemory says whether there is a way to hold jobs to a limit.
const CanLimitMemory = false

func (t *Tree) checkMemory() {}
