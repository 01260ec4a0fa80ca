// Package timing tells tests how long something takes, so that they can compare two
// sizes: what grows with the square of its input is found without a limit in seconds.
package timing

import "time"

// Fastest returns how long f took the one time, of so many, that the least ran beside
// it.
func Fastest(times int, f func()) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range times {
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return least
}
