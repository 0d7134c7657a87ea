package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	sampleEvery = 20 * time.Millisecond
	// discoverFor bounds the search for more processes of the runner, from the last one found: it would become dear at
	// a thousand threads.
	discoverFor = 300 * time.Millisecond
)

// memory watches the peak resident memory of a runner while it runs, without that of its jobs.
//
// The rusage of wait4 cannot tell: its maxrss is the largest of the runner and all it waited for, so a fat job hides a
// lean runner, and it starts at what this harness itself held when it forked. So the kernel's high-water mark, VmHWM,
// is polled and the last value seen counts; what is gained in the last 20 ms of a run is missed.
//
// A runner may be several processes, a guardian, the one that works, and its workers. A descendant of the same
// executable counts too, but only when it is met twice: a job between fork and exec looks the same, for much less than 20 ms, and shares its
// parent's memory.
type memory struct {
	root  int
	exe   string
	peaks map[int]int64
	met   map[int]int
	found time.Time // when the last was
}

// watchMemory polls until stop is closed and then sends the peak in bytes, or 0 when nothing was seen.
func watchMemory(pid int, stop <-chan struct{}) <-chan int64 {
	done := make(chan int64, 1)
	go func() {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		m := memory{root: pid, exe: exe, peaks: map[int]int64{}, met: map[int]int{pid: 2}}
		m.found = time.Now()
		for pause := time.Millisecond; ; pause = min(2*pause, sampleEvery) {
			if time.Since(m.found) < discoverFor {
				m.discover()
			}
			m.sample()
			select {
			case <-stop:
				done <- m.total()
				return
			case <-time.After(pause):
			}
		}
	}()
	return done
}

func (m *memory) discover() {
	var lists []string
	for pid, times := range m.met {
		if times > 1 {
			of, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
			lists = append(lists, of...)
		}
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				continue
			}
			if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && exe == m.exe {
				if m.met[pid]++; m.met[pid] == 2 {
					m.found = time.Now()
				}
			} else if err == nil {
				delete(m.met, pid)
			}
		}
	}
}

func (m *memory) sample() {
	for pid := range m.met {
		if peak, ok := highWater(pid); ok {
			m.peaks[pid] = peak
		}
	}
}

func (m *memory) total() int64 {
	var sum int64
	for pid, times := range m.met {
		if times > 1 {
			sum += m.peaks[pid]
		}
	}
	return sum
}

// highWater is false for a process that is gone, or a zombie: it has no memory any more.
func highWater(pid int) (int64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, rest, found := bytes.Cut(text, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, false
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10, err == nil
}
