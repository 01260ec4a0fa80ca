package timing_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gabion-security/gabion/internal/timing"
)

func TestTheFastestRunCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		got := timing.Fastest(4, func() {
			runs++
			time.Sleep(time.Duration(5-runs) * time.Second)
		})
		if runs != 4 || got != time.Second {
			t.Errorf("%v of %d runs", got, runs)
		}
	})
}
