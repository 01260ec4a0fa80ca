package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns how much processor time a process has used, in its own code
// and in the kernel, to the nanosecond.
func cpuTime(pid int) (time.Duration, error) {
	if pid <= 0 { // that would be this process
		return 0, errors.New("the process whose processor time is wanted does not run")
	}
	// The clock of a process, as clock_getcpuclockid makes it.
	const scheduled = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("reading the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
