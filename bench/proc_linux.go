package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// memoryOf returns a field of a process' status that is about memory, in MiB:
// RssAnon, what it has written itself and is resident, or VmHWM, what it had
// resident at most since it was started.
func memoryOf(pid int, field string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "\n"+field+":")
	line, _, _ := strings.Cut(rest, "\n")
	kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(line, "kB")))
	if err != nil {
		return 0, fmt.Errorf("the status of process %d does not say %s: %w", pid, field, err)
	}
	return float64(kib) / 1024, nil
}

// openFiles returns how many files, connections among them, a process has open.
func openFiles(pid int) (int, error) {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(open), err
}
