package cluster

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/pss"
)

// fakeClock stands still until it is moved.
type fakeClock struct{ time.Time }

func (c *fakeClock) now() time.Time          { return c.Time }
func (c *fakeClock) advance(d time.Duration) { c.Time = c.Add(d) }

func newFakeClock() *fakeClock {
	return &fakeClock{time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)}
}

var (
	plain   = &view{}
	onHost  = &view{pod: pss.Pod{HostNetwork: true}}
	inKata  = &view{runtimeClass: "kata"}
	podList = []any{pod("a", "one", plain), pod("a", "two", onHost), pod("b", "one", inKata)}
)

func pod(namespace, name string, v *view) *object {
	return &object{namespace: namespace, name: name, view: v}
}

// list returns the pods of a namespace by name.
func list(t *testing.T, s *store[*pods], namespace string) []admission.ExistingPod {
	t.Helper()
	var all []admission.ExistingPod
	if err := s.read(func(p *pods) { all = p.list(namespace) }); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b admission.ExistingPod) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func podStore() *store[*pods] { return newStore("pods", newPods, time.Now, time.Hour) }

func TestPodsAreKeptByNamespaceAndName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*store[*pods]) error
		a      []admission.ExistingPod
		total  int
	}{
		{
			"a list is kept as it is",
			func(*store[*pods]) error { return nil },
			[]admission.ExistingPod{{Name: "one", Pod: &plain.pod}, {Name: "two", Pod: &onHost.pod}}, 3,
		},
		{
			"a new pod is added",
			func(s *store[*pods]) error { return s.Add(pod("a", "three", inKata)) },
			[]admission.ExistingPod{
				{Name: "one", Pod: &plain.pod}, {Name: "three", Pod: &inKata.pod, RuntimeClass: "kata"}, {Name: "two", Pod: &onHost.pod},
			}, 4,
		},
		{
			"a changed pod replaces what it was",
			func(s *store[*pods]) error { return s.Update(pod("a", "one", onHost)) },
			[]admission.ExistingPod{{Name: "one", Pod: &onHost.pod}, {Name: "two", Pod: &onHost.pod}}, 3,
		},
		{
			"a deleted pod is gone, one of the same name elsewhere is not",
			func(s *store[*pods]) error { return s.Delete(pod("a", "one", plain)) },
			[]admission.ExistingPod{{Name: "two", Pod: &onHost.pod}}, 2,
		},
		{
			"a pod that is not there can be deleted",
			func(s *store[*pods]) error { return s.Delete(pod("a", "other", plain)) },
			[]admission.ExistingPod{{Name: "one", Pod: &plain.pod}, {Name: "two", Pod: &onHost.pod}}, 3,
		},
		{
			"a second list leaves nothing of the first",
			func(s *store[*pods]) error { return s.Replace([]any{pod("a", "new", plain)}, "2") },
			[]admission.ExistingPod{{Name: "new", Pod: &plain.pod}}, 1,
		},
		{
			"an empty list leaves nothing at all",
			func(s *store[*pods]) error { return s.Replace(nil, "2") },
			[]admission.ExistingPod{}, 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := podStore()
			if err := s.Replace(podList, "1"); err != nil {
				t.Fatal(err)
			}
			if err := tt.change(s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.a, list(t, s, "a")); diff != "" {
				t.Errorf("pods of a (-want +got):\n%s", diff)
			}
			if n, _ := s.size(); n != tt.total {
				t.Errorf("%d pods, want %d", n, tt.total)
			}
		})
	}
}

func TestANamespaceWithoutPodsTakesNoMemory(t *testing.T) {
	t.Parallel()
	s := podStore()
	for _, f := range []func(any) error{s.Add, s.Delete} {
		if err := f(pod("a", "one", plain)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.contents.of) != 0 {
		t.Errorf("%d namespaces are kept, want none", len(s.contents.of))
	}
}

func TestNamespacesAreKeptByName(t *testing.T) {
	t.Parallel()
	s := newStore("namespaces", newNamespaces, time.Now, time.Hour)
	strict := map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	steps := []error{
		s.Replace([]any{&object{name: "a"}, &object{name: "b"}}, "1"),
		s.Update(&object{name: "b", labels: strict}),
		s.Add(&object{name: "c"}),
		s.Delete(&object{name: "a"}),
	}
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.read(func(got namespaces) {
		if diff := cmp.Diff(namespaces{"b": strict, "c": nil}, got); diff != "" {
			t.Errorf("namespaces (-want +got):\n%s", diff)
		}
	}); err != nil {
		t.Error(err)
	}
}

func TestAStoreIsReliableWhileItHears(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tell func(*store[*pods]) error
	}{
		{"a list", func(s *store[*pods]) error { return s.Replace(podList, "2") }},
		{"a new object", func(s *store[*pods]) error { return s.Add(pod("a", "n", plain)) }},
		{"a changed object", func(s *store[*pods]) error { return s.Update(pod("a", "n", plain)) }},
		{"a deleted object", func(s *store[*pods]) error { return s.Delete(pod("a", "n", plain)) }},
		{"a bookmark", func(s *store[*pods]) error { return s.Bookmark("3") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := newFakeClock()
			s := newStore("pods", newPods, clock.now, 2*time.Minute)
			expect := func(want string) {
				t.Helper()
				got := ""
				if err := s.read(func(*pods) {}); err != nil {
					got = err.Error()
				}
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			expect("pods not synced")
			if err := s.Replace(podList, "1"); err != nil {
				t.Fatal(err)
			}
			clock.advance(2*time.Minute - time.Nanosecond)
			expect("")
			clock.advance(5*time.Second + time.Nanosecond)
			expect("pods cache stale: nothing heard for 2m5s")
			if err := tt.tell(s); err != nil {
				t.Fatal(err)
			}
			expect("")
			if _, age := s.size(); age != 0 {
				t.Errorf("heard %s ago, want now", age)
			}
			clock.advance(2 * time.Minute)
			expect("pods cache stale: nothing heard for 2m0s")
		})
	}
}

func TestAResumedWatchKeepsAStoreReliableButMakesNoStaleOneSo(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	s := newStore("pods", newPods, clock.now, 2*time.Minute)
	if s.resume() {
		t.Error("a store that was never told anything needs no list")
	}
	if err := s.Replace(podList, "1"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		clock.advance(90 * time.Second)
		if err := s.read(func(*pods) {}); !s.resume() || err != nil {
			t.Fatalf("a quiet watch was resumed: %v", err)
		}
	}
	clock.advance(2 * time.Minute)
	if err := s.read(func(*pods) {}); s.resume() || err == nil {
		t.Error("a stale store needs no list")
	}
	if err := s.read(func(*pods) {}); err == nil {
		t.Error("it is reliable once the watch was resumed")
	}
}

func TestNothingButAListMakesAStoreSynced(t *testing.T) {
	t.Parallel()
	s := podStore()
	s.hear()
	if err := s.Add(pod("a", "one", plain)); err != nil {
		t.Fatal(err)
	}
	if err := s.Bookmark("1"); err != nil {
		t.Fatal(err)
	}
	if err := s.read(func(*pods) {}); err == nil {
		t.Error("the store is reliable, but has not seen a list")
	}
	if n, age := s.size(); n != 0 || age >= 0 {
		t.Errorf("size %d and age %s, want none", n, age)
	}
}

func TestAStoreRefusesWhatIsNotReduced(t *testing.T) {
	t.Parallel()
	s := podStore()
	whole := &corev1.Pod{}
	for name, err := range map[string]error{
		"add": s.Add(whole), "update": s.Update(whole), "delete": s.Delete(whole), "replace": s.Replace([]any{whole}, "1"),
	} {
		if err == nil {
			t.Errorf("%s takes a whole pod", name)
		}
	}
	if err := s.read(func(*pods) {}); err == nil {
		t.Error("the store is reliable after a list that it did not take")
	}
}

func TestAStoreMayBeReadWhileItIsFed(t *testing.T) {
	t.Parallel()
	s := podStore()
	if err := s.Replace(podList, "1"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for range 1000 {
			_ = s.Add(pod("a", "three", plain))
			_ = s.Delete(pod("a", "three", plain))
			_ = s.Replace(podList, "2")
			_ = s.Bookmark("3")
		}
	})
	for range 4 {
		all.Go(func() {
			for range 1000 {
				var n int
				if err := s.read(func(p *pods) { n = len(p.list("a")) }); err != nil || n < 2 || n > 3 {
					t.Errorf("%d pods, %v", n, err)
				}
				s.size()
			}
		})
	}
	all.Wait()
}
