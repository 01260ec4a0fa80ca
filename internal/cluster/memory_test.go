package cluster

import (
	"fmt"
	"runtime"
	"testing"
)

// TestAPodTakesLittleMemory is not parallel: it measures the heap.
func TestAPodTakesLittleMemory(t *testing.T) {
	const (
		n      = 20_000
		most   = 300 // bytes
		images = 20
	)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	all := newViews()
	reduce := reducePod(all)
	s := podStore()
	if err := s.Replace(nil, "1"); err != nil {
		t.Fatal(err)
	}
	before := heap()
	for i := range n {
		o, err := reduce(sample(fmt.Sprintf("checkout-service-6f7b5c9d84-%05d", i), fmt.Sprint("example.com/", i%images)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	each := (int64(heap()) - int64(before)) / n
	t.Logf("%d bytes a pod", each)
	if each > most {
		t.Errorf("%d bytes a pod, want at most %d", each, most)
	}
	if all.len() != 1 {
		t.Errorf("%d views, want 1: images make no difference", all.len())
	}
	if got, _ := s.size(); got != n {
		t.Errorf("%d pods, want %d", got, n)
	}
}
