package psp

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// trial says which random objects a test makes.
type trial struct{ seed, first, count uint64 }

// newTrial reads the trial from GABION_SEED, GABION_FIRST and GABION_COUNT.
// Without a seed there every run has its own.
func newTrial(t *testing.T, count uint64) trial {
	t.Helper()
	s := trial{seed: rand.Uint64(), count: count} //nolint:gosec // any number will do
	for name, to := range map[string]*uint64{"GABION_SEED": &s.seed, "GABION_FIRST": &s.first, "GABION_COUNT": &s.count} {
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
	return s
}

// random makes objects for one trial.
type random struct{ *rand.Rand }

func newRandom(seed, n uint64) random {
	return random{rand.New(rand.NewPCG(seed, n))} //nolint:gosec // nothing secret is made
}

// one reports true in one case of n.
func (r random) one(n int) bool { return r.IntN(n) == 0 }

// pick returns one of the values.
func pick[T any](r random, values ...T) T { return values[r.IntN(len(values))] }

// maybe returns nil, or a pointer to one of the values.
func maybe[T any](r random, values ...T) *T {
	if r.one(2) {
		return nil
	}
	v := pick(r, values...)
	return &v
}

// some returns up to most of the values, not always different ones; nil and
// empty both occur.
func some[T any](r random, most int, values ...T) []T {
	if r.one(3) {
		return nil
	}
	list := []T{}
	for range r.IntN(most + 1) {
		list = append(list, pick(r, values...))
	}
	return list
}
