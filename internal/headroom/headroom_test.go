package headroom

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestTheCollectorCountsMemoryThatTheSystemNeverGave(t *testing.T) {
	// Not parallel: this is what the whole process goes by, whatever GOGC and GOMEMLIMIT say.
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.NextGC < 32<<20 {
		t.Errorf("it runs again at %d bytes, want more than 32 MiB", m.NextGC)
	}
	Keep()
}
