//go:build !linux

package main

import (
	"errors"
	"os"
	"time"
)

// cpuTime returns how much processor time a process has used.
func cpuTime(int) (time.Duration, error) {
	return 0, errors.New("the processor time of another process can be read on Linux only: measure there")
}

// peakMemory returns how many MiB a process that has ended had resident at most.
func peakMemory(*os.ProcessState) float64 { return 0 }
