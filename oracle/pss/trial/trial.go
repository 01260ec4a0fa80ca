// Package trial runs a test over many random objects, and says how to run it
// again over the one that failed.
package trial

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/generate"
)

// Trial says which random objects a test makes.
type Trial struct{ Seed, First, Count uint64 }

// New reads the trial's seed, first object and number of objects from
// GABION_SEED, GABION_FIRST and GABION_COUNT, and logs them. Without a seed there
// every run has its own; count is what GABION_COUNT is by default.
func New(t testing.TB, count uint64) Trial {
	t.Helper()
	s := Trial{Seed: rand.Uint64(), Count: count} //nolint:gosec // any number will do
	for name, to := range map[string]*uint64{"GABION_SEED": &s.Seed, "GABION_FIRST": &s.First, "GABION_COUNT": &s.Count} {
		text, ok := os.LookupEnv(name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		*to = n
	}
	t.Logf("GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=%d", s.Seed, s.First, s.Count)
	return s
}

// Generator returns the generator of the nth object.
func (s Trial) Generator(n uint64) *generate.Generator { return generate.New(s.Seed, n) }

// Chooser returns a generator for what else the test of the nth object chooses.
func (s Trial) Chooser(n uint64) *generate.Generator { return generate.New(s.Seed, ^n) }

// Each runs the test of every object, on every core, and returns when all have
// ended. A part of it stops at its first failure.
func (s Trial) Each(t *testing.T, test func(t *testing.T, n uint64)) {
	t.Helper()
	parts := uint64(runtime.GOMAXPROCS(0)) //nolint:gosec // it is positive
	t.Run("objects", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprintf("part %d", part), func(t *testing.T) {
				t.Parallel()
				n := s.First + part
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.Seed, n)
					}
				})
				for ; n < s.First+s.Count; n += parts {
					test(t, n)
				}
			})
		}
	})
}
