package cluster

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/pss"
)

// sample is a pod as it comes from a controller.
func sample(name, image string) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "shop", ResourceVersion: "7",
			Annotations: map[string]string{"a": name, pss.SeccompPodAnnotation: "runtime/default"},
		},
		Spec: corev1.PodSpec{
			Volumes:        []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
			InitContainers: []corev1.Container{{Name: "init", Image: image}},
			Containers: []corev1.Container{{Name: "c", Image: image, SecurityContext: &corev1.SecurityContext{
				RunAsNonRoot: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
			SecurityContext: &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: "RuntimeDefault"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

func TestEqualPodsShareOneView(t *testing.T) {
	t.Parallel()
	all := newViews()
	reduce := reducePod(all, nil)
	of := func(change func(*corev1.Pod)) *view {
		t.Helper()
		p := sample("p", "example.com/app")
		change(p)
		o, err := reduce(p)
		if err != nil {
			t.Fatal(err)
		}
		return o.view
	}
	first := of(func(*corev1.Pod) {})
	class := "kata"
	tests := []struct {
		name   string
		change func(*corev1.Pod)
		shared bool
	}{
		{"the same pod", func(*corev1.Pod) {}, true},
		{"another name", func(p *corev1.Pod) { p.Name = "q" }, true},
		{"another image", func(p *corev1.Pod) { p.Spec.Containers[0].Image = "example.com/other" }, true},
		{"another status", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, true},
		{"another runtime class", func(p *corev1.Pod) { p.Spec.RuntimeClassName = &class }, false},
		{"another container name", func(p *corev1.Pod) { p.Spec.Containers[0].Name = "d" }, false},
		{"the host's network", func(p *corev1.Pod) { p.Spec.HostNetwork = true }, false},
		{"another volume", func(p *corev1.Pod) { p.Spec.Volumes[0].EmptyDir = nil }, false},
		{"another annotation that counts", func(p *corev1.Pod) { p.Annotations[pss.SeccompPodAnnotation] = "unconfined" }, false},
		{"a capability more", func(p *corev1.Pod) {
			p.Spec.Containers[0].SecurityContext.Capabilities.Add = []corev1.Capability{"CHOWN"}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := of(tt.change) == first; got != tt.shared {
				t.Errorf("shared: %t, want %t", got, tt.shared)
			}
		})
	}
}

func TestViewsOfOneHashAreToldApart(t *testing.T) {
	t.Parallel()
	all := newViews()
	a := all.share(view{runtimeClass: "a"})
	for key := range all.byHash { // as if b, too, had the hash of a
		b := all.share(view{runtimeClass: "b"})
		for other, bucket := range all.byHash {
			if other != key {
				all.byHash[key] = append(all.byHash[key], bucket...)
				delete(all.byHash, other)
			}
		}
		if a == b || all.share(view{runtimeClass: "a"}) != a {
			t.Error("views of one hash are mistaken for one another")
		}
		all.drop(key)
		if len(all.byHash[key]) != 2 {
			t.Errorf("%d views are left of two that are held", len(all.byHash[key]))
		}
		runtime.KeepAlive(b)
	}
	runtime.KeepAlive(a)
}

// eventually fails the test unless what it waits for comes true. Dropped views
// are forgotten some time after a garbage collection.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: waited until " + what)
		}
		runtime.GC()
	}
}

func TestAViewIsForgottenWithTheLastPodThatHasIt(t *testing.T) {
	t.Parallel()
	all := newViews()
	s := podStore()
	for i := range 10 {
		v := all.share(view{runtimeClass: fmt.Sprint(i % 2)})
		if err := s.Add(pod("a", fmt.Sprint(i), v)); err != nil {
			t.Fatal(err)
		}
	}
	if all.len() != 2 {
		t.Fatalf("%d views of ten pods of two kinds, want 2", all.len())
	}
	for i := range 9 { // 9 is the last odd one
		if err := s.Delete(pod("a", fmt.Sprint(i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "one view is left", func() bool { return all.len() == 1 })
	if err := s.Replace(nil, "2"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no view is left", func() bool { return all.len() == 0 })
	if len(all.byHash) != 0 {
		t.Errorf("%d hashes are left of no view", len(all.byHash))
	}
}

func TestViewsAreSharedByManyAtOnce(t *testing.T) {
	t.Parallel()
	all := newViews()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := range 500 {
				want := view{runtimeClass: fmt.Sprint(i % 7)}
				if got := all.share(want); !reflect.DeepEqual(*got, want) {
					t.Errorf("got %v, want %v", *got, want)
				}
				if i%100 == 0 {
					runtime.GC()
				}
			}
		})
	}
	workers.Wait()
	eventually(t, "no view is left", func() bool { return all.len() == 0 })
}

func TestOnlyPodsAndNamespacesAreReduced(t *testing.T) {
	t.Parallel()
	if _, err := reducePod(newViews(), nil)(&corev1.Namespace{}); err == nil {
		t.Error("a namespace passes for a pod")
	}
	if _, err := reduceNamespace(&corev1.Pod{}); err == nil {
		t.Error("a pod passes for a namespace")
	}
}

func BenchmarkReducePod(b *testing.B) {
	reduce := reducePod(newViews(), nil)
	p := sample("p", "example.com/app")
	held, err := reduce(p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if o, err := reduce(p); err != nil || o.view != held.view {
			b.Fatal("not shared", err)
		}
	}
}
