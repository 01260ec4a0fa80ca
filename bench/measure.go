package main

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// comparison is the same work done by both sides.
type comparison struct {
	name             string
	upstream, gabion func() verdict
}

// row is what was measured of a comparison.
type row struct {
	name             string
	upstream, gabion side
	// ratio is upstream's time over Gabion's: the median of the rounds.
	ratio sample
}

// side is what one side of a comparison costs.
type side struct {
	time   sample // nanoseconds a call
	allocs float64
}

// sample sums up a series: its median and the quartiles around it.
type sample struct{ median, low, high float64 }

// roundTime is how long one side is timed in one round.
const roundTime = 10 * time.Millisecond

// measure times all comparisons. In every round each side of each comparison
// has its turn, the one that begins changing from round to round, so that what
// else happens on the machine hits both.
func measure(comparisons []comparison, rounds int) []row {
	type times struct{ upstream, gabion, ratio []float64 }
	series := make([]times, len(comparisons))
	calls := make([][2]int, len(comparisons))
	for i, c := range comparisons {
		calls[i] = [2]int{calibrate(c.upstream), calibrate(c.gabion)}
	}
	for round := range rounds {
		for i, c := range comparisons {
			var upstream, gabion float64
			if round%2 == 0 {
				upstream = perCall(c.upstream, calls[i][0])
				gabion = perCall(c.gabion, calls[i][1])
			} else {
				gabion = perCall(c.gabion, calls[i][1])
				upstream = perCall(c.upstream, calls[i][0])
			}
			s := &series[i]
			s.upstream = append(s.upstream, upstream)
			s.gabion = append(s.gabion, gabion)
			s.ratio = append(s.ratio, upstream/gabion)
		}
	}
	rows := make([]row, len(comparisons))
	for i, c := range comparisons {
		rows[i] = row{
			name:     c.name,
			upstream: side{summarise(series[i].upstream), allocations(c.upstream)},
			gabion:   side{summarise(series[i].gabion), allocations(c.gabion)},
			ratio:    summarise(series[i].ratio),
		}
	}
	return rows
}

// calibrate returns how many calls fill a round.
func calibrate(f func() verdict) int {
	for n := 1; ; n *= 2 {
		if took := perCall(f, n) * float64(n); took > float64(roundTime)/4 {
			return max(1, int(float64(n)*float64(roundTime)/took))
		}
	}
}

// perCall returns how many nanoseconds a call takes.
func perCall(f func() verdict, calls int) float64 {
	var last verdict
	start := time.Now()
	for range calls {
		last = f()
	}
	took := time.Since(start)
	runtime.KeepAlive(last)
	return float64(took.Nanoseconds()) / float64(calls)
}

// allocations returns how many allocations a call makes.
func allocations(f func() verdict) float64 {
	var last verdict
	n := testing.AllocsPerRun(100, func() { last = f() })
	runtime.KeepAlive(last)
	return n
}

// summarise returns the median and the quartiles of a series.
func summarise(series []float64) sample {
	s := slices.Sorted(slices.Values(series))
	n := len(s)
	return sample{median: s[n/2], low: s[n/4], high: s[n-1-n/4]}
}
