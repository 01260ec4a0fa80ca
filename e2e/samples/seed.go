package samples

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seed returns the seed of what a test makes at random, a new one unless the
// environment names it in GABION_SEED, and logs it.
func Seed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64() //nolint:gosec // a test
	if text, ok := os.LookupEnv("GABION_SEED"); ok {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("GABION_SEED: %v", err)
		}
	}
	t.Logf("GABION_SEED=%d", seed)
	return seed
}
