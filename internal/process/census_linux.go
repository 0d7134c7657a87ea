package process

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"
)

// census knows which process groups have a living member. A look at all of /proc
// takes some milliseconds, so those who ask at the same time share one.
type census struct {
	mu     sync.Mutex
	taken  time.Time // when the last look began
	groups map[int]struct{}
}

// alive looks, not earlier than now, whether the group has a member that is no zombie.
func (c *census) alive(group int) bool {
	asked := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken.Before(asked) {
		c.taken = time.Now()
		c.groups = livingGroups()
	}
	_, ok := c.groups[group]
	return ok
}

func livingGroups() map[int]struct{} {
	groups := map[int]struct{}{}
	dir, err := os.Open("/proc")
	if err != nil {
		return groups
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		if group, ok := livingGroup(stat); ok {
			groups[group] = struct{}{}
		}
	}
	return groups
}

// livingGroup reads the group out of /proc/PID/stat: "PID (NAME) STATE PPID PGRP …",
// where NAME may hold blanks and parentheses. Zombies do not count.
func livingGroup(stat []byte) (group int, ok bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, false
	}
	group, err := strconv.Atoi(string(fields[2]))
	return group, err == nil
}
