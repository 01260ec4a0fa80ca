package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: "7", Labels: map[string]string{"l": name}}}
}

func TestAStreamReducesWhatItPassesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		whole := watch.NewFake()
		s := newStream(whole, reduceNamespace, time.Minute)
		defer s.Stop()
		for _, kind := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
			go whole.Action(kind, namespace("n"))
			e := <-s.ResultChan()
			o, ok := e.Object.(*object)
			if !ok || e.Type != kind || o.name != "n" || o.version != "7" || o.labels["l"] != "n" {
				t.Errorf("%s: got %v %+v", kind, e.Type, e.Object)
			}
		}
		bookmark := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "8"}}
		go whole.Action(watch.Bookmark, bookmark)
		if e := <-s.ResultChan(); e.Type != watch.Bookmark || e.Object != bookmark {
			t.Errorf("got %v %+v, want the bookmark as it is", e.Type, e.Object)
		}
	})
}

func TestAStreamEndsWithAnErrorThatItPassesOn(t *testing.T) {
	t.Parallel()
	gone := apierrors.NewResourceExpired("too old").Status()
	tests := []struct {
		name  string
		event watch.Event
		is    func(error) bool
	}{
		{"what the API server says", watch.Event{Type: watch.Error, Object: &gone}, apierrors.IsResourceExpired},
		{"an object of another kind", watch.Event{Type: watch.Added, Object: &corev1.Pod{}}, apierrors.IsInternalError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				whole := watch.NewFake()
				s := newStream(whole, reduceNamespace, time.Minute)
				go whole.Action(tt.event.Type, tt.event.Object)
				e := <-s.ResultChan()
				if e.Type != watch.Error || !tt.is(apierrors.FromObject(e.Object)) {
					t.Errorf("got %v %+v", e.Type, e.Object)
				}
				if e, ok := <-s.ResultChan(); ok {
					t.Errorf("the stream goes on with %v", e)
				}
				if !whole.IsStopped() {
					t.Error("the watch is left open")
				}
			})
		})
	}
}

func TestAStreamThatHearsNothingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		whole := watch.NewFake()
		begin := time.Now()
		s := newStream(whole, reduceNamespace, time.Minute)
		go func() {
			time.Sleep(50 * time.Second)
			whole.Add(namespace("n"))
		}()
		if _, ok := <-s.ResultChan(); !ok {
			t.Fatal("the stream ended before its time")
		}
		if _, ok := <-s.ResultChan(); ok {
			t.Fatal("an event from nowhere")
		}
		if got, want := time.Since(begin), 110*time.Second; got != want {
			t.Errorf("the stream ended after %s, want %s", got, want)
		}
		if !whole.IsStopped() {
			t.Error("the watch is left open")
		}
	})
}

// Within synctest, a goroutine that is left over fails the test.
func TestAStoppedStreamLeavesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		stop func(*stream, *watch.FakeWatcher)
	}{
		{"stopped while it waits", func(s *stream, _ *watch.FakeWatcher) { s.Stop() }},
		{"stopped twice", func(s *stream, _ *watch.FakeWatcher) { s.Stop(); s.Stop() }},
		{"stopped with an event that nobody takes", func(s *stream, whole *watch.FakeWatcher) {
			whole.Add(namespace("n"))
			synctest.Wait()
			s.Stop()
		}},
		{"ended by the API server", func(_ *stream, whole *watch.FakeWatcher) { whole.Stop() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				whole := watch.NewFake()
				s := newStream(whole, reduceNamespace, time.Minute)
				tt.stop(s, whole)
				synctest.Wait()
				if !whole.IsStopped() {
					t.Error("the watch is left open")
				}
				if _, ok := <-s.ResultChan(); ok {
					t.Error("the stream goes on")
				}
			})
		})
	}
}
