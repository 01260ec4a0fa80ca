package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// apiServer answers requests for namespaces: one whose name begins with "gone"
// does not exist.
type apiServer struct {
	*httptest.Server

	asked atomic.Int32
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		name := strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/")
		var answer any = corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"from": "the API server"}},
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(name, "gone") {
			w.WriteHeader(http.StatusNotFound)
			status := apierrors.NewNotFound(corev1.Resource("namespaces"), name).Status()
			status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
			answer = status
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// newCache returns a cache that does not run, and the clock it goes by.
func newCache(t *testing.T, host string) (*Cache, *fakeClock) {
	t.Helper()
	clock := newFakeClock()
	c, err := NewCache(&rest.Config{Host: host}, CacheOptions{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return c, clock
}

// feed lets a cache know the namespace n and a pod in it.
func feed(t *testing.T, c *Cache) {
	t.Helper()
	if err := c.namespaces.Replace([]any{&object{name: "n", labels: map[string]string{"from": "the cache"}}}, "1"); err != nil {
		t.Fatal(err)
	}
	if err := c.pods.Replace([]any{pod("n", "p", c.views.share(*inKata))}, "1"); err != nil {
		t.Fatal(err)
	}
}

func TestLabelsComeFromTheCacheWhileItCanBeReliedOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		synced    bool
		age       time.Duration
		namespace string
		from      string
		asked     int32
		missing   bool
	}{
		{"a namespace that the cache knows", true, time.Minute, "n", "the cache", 0, false},
		{"one that it does not know yet", true, time.Minute, "new", "the API server", 1, false},
		{"one that there is not", true, time.Minute, "gone", "", 1, true},
		{"one that it knows, in an old cache", true, 2 * time.Minute, "n", "the API server", 1, false},
		{"one that there is not, in an old cache", true, 2 * time.Minute, "gone", "", 1, true},
		{"a namespace before there was a list", false, 0, "n", "the API server", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := newAPIServer(t)
			c, clock := newCache(t, server.URL)
			if tt.synced {
				feed(t, c)
			}
			clock.advance(tt.age)
			labels, err := c.Labels(t.Context(), tt.namespace)
			if apierrors.IsNotFound(err) != tt.missing || (err != nil) != tt.missing {
				t.Errorf("got error %v", err)
			}
			if tt.missing && err.Error() != `namespaces "gone" not found` {
				t.Errorf("got error %q, want the API server's", err)
			}
			if labels["from"] != tt.from || server.asked.Load() != tt.asked {
				t.Errorf("got labels %v with %d requests, want them from %q with %d", labels, server.asked.Load(), tt.from, tt.asked)
			}
		})
	}
}

func TestLabelsThatNobodyKnowsAreAnError(t *testing.T) {
	t.Parallel()
	server := newAPIServer(t)
	c, clock := newCache(t, server.URL)
	feed(t, c)
	clock.advance(time.Hour)
	server.Close()
	if labels, err := c.Labels(t.Context(), "n"); err == nil {
		t.Errorf("got %v without an API server, from a cache that is an hour old", labels)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if labels, err := c.Labels(ctx, "n"); err == nil {
		t.Errorf("got %v after the request was given up", labels)
	}
}

func TestAnAPIServerThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	c, _ := newCache(t, server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // as an API server gives
	defer cancel()
	labels, err := c.Labels(ctx, "n")
	if err == nil {
		t.Errorf("got %v from an API server that says nothing", labels)
	}
	if ctx.Err() != nil {
		t.Error("there is no time left to say that the namespace is unknown")
	}
}

func TestPodsAreAnErrorUnlessAllAreKnown(t *testing.T) {
	t.Parallel()
	c, clock := newCache(t, "http://127.0.0.1:1")
	expect := func(want string) {
		t.Helper()
		if got, err := c.Pods(t.Context(), "n"); err == nil || err.Error() != want || got != nil {
			t.Errorf("got %v and %v, want %s", got, err, want)
		}
	}
	expect("pods not synced")
	feed(t, c)
	got, err := c.Pods(t.Context(), "n")
	if err != nil || len(got) != 1 || got[0].Name != "p" || got[0].RuntimeClass != "kata" || got[0].Pod == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if none, err := c.Pods(t.Context(), "other"); err != nil || none == nil || len(none) != 0 {
		t.Errorf("got %v, %v; want an empty list", none, err)
	}
	got[0].Name = "changed" // it is the caller's
	if again, err := c.Pods(t.Context(), "n"); err != nil || again[0].Name != "p" {
		t.Errorf("got %+v, %v", again, err)
	}
	clock.advance(staleAfter)
	expect("pods cache stale: nothing heard for 2m0s")
}

func TestACacheSaysWhyItIsNotReady(t *testing.T) {
	t.Parallel()
	c, clock := newCache(t, "http://127.0.0.1:1")
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, c.Unready()); diff != "" {
			t.Errorf("reasons (-want +got):\n%s", diff)
		}
	}
	expect("namespaces not synced", "pods not synced")
	if err := c.namespaces.Replace(nil, "1"); err != nil {
		t.Fatal(err)
	}
	expect("pods not synced")
	feed(t, c)
	expect()
	clock.advance(time.Minute)
	c.pods.hear()
	clock.advance(time.Minute + 10*time.Second)
	expect("namespaces cache stale: nothing heard for 2m10s")
	clock.advance(time.Minute)
	expect("namespaces cache stale: nothing heard for 3m10s", "pods cache stale: nothing heard for 2m10s")
}

func TestACacheSaysHowMuchItHolds(t *testing.T) {
	t.Parallel()
	c, clock := newCache(t, "http://127.0.0.1:1")
	if diff := cmp.Diff(Stats{NamespacesAge: -1, PodsAge: -1}, c.Stats()); diff != "" {
		t.Errorf("before a list (-want +got):\n%s", diff)
	}
	feed(t, c)
	clock.advance(time.Minute)
	c.namespaces.hear()
	clock.advance(time.Second)
	want := Stats{Namespaces: 1, Pods: 1, Views: 1, NamespacesAge: time.Second, PodsAge: 61 * time.Second}
	if diff := cmp.Diff(want, c.Stats()); diff != "" {
		t.Errorf("after one (-want +got):\n%s", diff)
	}
}
