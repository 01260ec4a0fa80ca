package admission

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"testing"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
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

// What a cache of verdicts would spare a denial, and what finding one in it would
// cost: the view's hash, and that the view found is equal. The object's bytes have the
// pod's name and cannot be the key.
func BenchmarkCachedVerdict(b *testing.B) {
	reader, err := workload.NewReader(workload.Options{Stored: true})
	if err != nil {
		b.Fatal(err)
	}
	pod, equal := reader.ReadObject([]byte(hostPod)).Templates[0].Pod, reader.ReadObject([]byte(hostPod)).Templates[0].Pod
	b.Run("judge", func(b *testing.B) {
		for b.Loop() {
			verdict, err := pss.Evaluator{}.Evaluate(&pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest})
			if err != nil || detail(pss.Evaluator{}, verdict, &pod) == "" {
				b.Fatal(verdict, err)
			}
		}
	})
	b.Run("hash", func(b *testing.B) {
		var h maphash.Hash
		for b.Loop() {
			h.Reset()
			_, _ = fmt.Fprint(&h, pod) // a hash takes everything
			h.Sum64()
		}
	})
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			if !reflect.DeepEqual(pod, equal) {
				b.Fatal("they differ")
			}
		}
	})
}
