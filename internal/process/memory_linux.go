package process

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// memoryEvery is how often the memory of a job with a limit is looked at. It is a few
// microseconds a process.
const memoryEvery = 50 * time.Millisecond

// CanLimitMemory says whether there is a way to hold jobs to a limit.
const CanLimitMemory = true

// checkMemory ends a job whose processes have more resident memory than they may, without
// grace: it is about to be the machine that is short of memory. Memory that they share is
// counted for each.
func (t *Tree) checkMemory() {
	now := time.Now()
	if now.Before(t.memoryAt) {
		return
	}
	t.memoryAt = now.Add(memoryEvery)
	var used int64
	for _, m := range t.members() {
		used += residentMemory(m.pid)
	}
	if used <= t.sup.spec.Memory {
		return
	}
	t.overMemory = used
	t.hurry.Store(true)
	t.terminate()
}

// residentMemory is that of one process, in bytes; 0 when it has gone.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
