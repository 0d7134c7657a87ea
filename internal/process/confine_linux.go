package process

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Confine makes this process, and so those that it starts, nicer by so much, and has it
// run on these CPUs only; nil is all.
func Confine(nice int, cpus []int) error {
	if nice != 0 {
		for _, task := range tasks() {
			// What the system call returns is 20 − niceness.
			now, err := unix.Getpriority(unix.PRIO_PROCESS, task)
			if err == nil {
				err = unix.Setpriority(unix.PRIO_PROCESS, task, 20-now+nice)
			}
			if err != nil {
				return fmt.Errorf("--nice %d: %w", nice, err)
			}
		}
	}
	if len(cpus) == 0 {
		return nil
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	for _, task := range tasks() {
		if err := unix.SchedSetaffinity(task, &set); err != nil {
			return fmt.Errorf("--cpu-affinity %v: %w", cpus, err)
		}
	}
	return nil
}

// tasks is the threads of this process. Later ones take after the one that starts them.
func tasks() []int {
	entries, _ := os.ReadDir("/proc/self/task")
	if len(entries) == 0 {
		return []int{0} // the calling one, as far as is known
	}
	var ids []int
	for _, e := range entries {
		var id int
		if _, err := fmt.Sscan(e.Name(), &id); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// CPUSet is the CPUs that this process may run on.
func CPUSet() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var all []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all
}
