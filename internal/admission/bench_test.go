package admission

import (
	"fmt"
	"testing"
)

func BenchmarkDecide(b *testing.B) {
	for _, bb := range []struct {
		name string
		req  Request
	}{
		{"privileged", pod(Create, "default", goodPod)},
		{"allowed", pod(Create, "restricted", goodPod)},
		{"denied", pod(Create, "restricted", hostPod)},
		{"insignificant update", pod(Update, "restricted", goodPod, old(goodPod))},
		{"job with a warning", job("restricted", hostJob)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			w := newWorld()
			c := w.controller(b)
			c.recorder = silence{}
			b.ReportAllocs()
			for b.Loop() {
				c.Decide(b.Context(), bb.req)
			}
		})
	}
}

func BenchmarkSweep(b *testing.B) {
	w := newWorld()
	for i := range 10_000 {
		own := *hostVolume
		w.pods["n"] = append(w.pods["n"], ExistingPod{fmt.Sprintf("p-%05d", i), &own, "", nil})
	}
	c := w.controller(b)
	for b.Loop() {
		c.Decide(b.Context(), relabel())
	}
}
