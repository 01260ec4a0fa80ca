package headroom

import (
	"runtime"
	"testing"
)

func TestTheCollectorCountsMemoryThatTheSystemNeverGave(t *testing.T) {
	t.Parallel()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.NextGC < 32<<20 {
		t.Errorf("it runs again at %d bytes, want more than 32 MiB", m.NextGC)
	}
	Keep()
}
