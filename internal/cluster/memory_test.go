package cluster

import (
	"fmt"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/workload"
)

// heap returns how much is in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAPodTakesLittleMemory is not parallel: it measures the heap.
func TestAPodTakesLittleMemory(t *testing.T) {
	const (
		n      = 30_000
		most   = 300 // bytes
		images = 20
	)
	for name, templates := range map[string]int{"one template": 1, "a template for fifty pods": n / 50} {
		all := newViews()
		reduce := reducePod(all, nil)
		s := podStore()
		if err := s.Replace(nil, "1"); err != nil {
			t.Fatal(err)
		}
		before := heap()
		for i := range n {
			p := sample(fmt.Sprintf("checkout-service-6f7b5c9d84-%05d", i), fmt.Sprint("example.com/", i%images))
			p.Spec.Containers[0].Name = fmt.Sprint("app-", i%templates)
			o, err := reduce(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		each := (int64(heap()) - int64(before)) / n
		t.Logf("%s: %d bytes a pod", name, each)
		if each > most {
			t.Errorf("%s: %d bytes a pod, want at most %d", name, each, most)
		}
		if all.len() != templates {
			t.Errorf("%s: %d views, want %d: images make no difference", name, all.len(), templates)
		}
		if got, _ := s.size(); got != n {
			t.Errorf("%s: %d pods, want %d", name, got, n)
		}
	}
}

// TestAPodTakesLittleMemoryWithExceptions is not parallel: it measures the heap.
func TestAPodTakesLittleMemoryWithExceptions(t *testing.T) {
	const (
		n     = 20_000
		most  = 300 // bytes, as without exceptions
		alone = 3000
	)
	for _, tt := range []struct {
		name   string
		change func(*corev1.Pod, int)
		most   int64
		kept   int
	}{
		{"replicas of a hundred owners", func(p *corev1.Pod, i int) { p.Labels["pod-template-hash"] = fmt.Sprint(i % 100) }, most, 100},
		{"pods that are all different", func(p *corev1.Pod, i int) { p.Labels["apps.kubernetes.io/pod-index"] = fmt.Sprint(i) }, alone, n},
	} {
		all, more := newViews(), newInterned[workload.Extra]()
		reduce := reducePod(all, more)
		s := podStore()
		if err := s.Replace(nil, "1"); err != nil {
			t.Fatal(err)
		}
		before := heap()
		for i := range n {
			p := exceptedSample(fmt.Sprintf("checkout-service-6f7b5c9d84-%05d", i))
			tt.change(p, i)
			o, err := reduce(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		each := (int64(heap()) - int64(before)) / n //nolint:gosec // it fits
		t.Logf("%s: %d bytes a pod", tt.name, each)
		if each > tt.most {
			t.Errorf("%s: %d bytes a pod, want at most %d", tt.name, each, tt.most)
		}
		if all.len() != tt.kept || more.len() != tt.kept {
			t.Errorf("%s: %d views with %d extras, want %d", tt.name, all.len(), more.len(), tt.kept)
		}
		if got, _ := s.size(); got != n {
			t.Errorf("%s: %d pods", tt.name, got)
		}
	}
}
