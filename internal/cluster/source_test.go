package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// quietServer is an API server without watch-lists that has one namespace and
// never any news. It notes what it is asked.
type quietServer struct {
	*httptest.Server

	mu    sync.Mutex
	asked []string
}

func newQuietServer(t *testing.T) *quietServer {
	t.Helper()
	s := &quietServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *quietServer) answer(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	note := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	for _, key := range []string{"watch", "sendInitialEvents", "resourceVersion", "limit", "continue"} {
		if v := query.Get(key); v != "" {
			note += " " + key + "=" + v
		}
	}
	s.mu.Lock()
	s.asked = append(s.asked, note)
	s.mu.Unlock()

	w.Header().Set("Content-Type", "application/json")
	switch {
	case query.Has("sendInitialEvents"):
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}`)
	case query.Has("watch"):
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case strings.HasPrefix(note, "namespaces/"):
		_, _ = fmt.Fprint(w, `{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "a"}}`)
	case query.Get("continue") == "":
		_, _ = fmt.Fprint(w, `{"kind": "NamespaceList", "apiVersion": "v1", "metadata": {"resourceVersion": "5", "continue": "next"},
			"items": [{"metadata": {"name": "a", "labels": {"l": "a"}}}]}`)
	default:
		_, _ = fmt.Fprint(w, `{"kind": "NamespaceList", "apiVersion": "v1", "metadata": {"resourceVersion": "5"},
			"items": [{"metadata": {"name": "b"}}]}`)
	}
}

// requests returns what was asked so far.
func (s *quietServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// await waits until something comes true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: waited until " + what)
		}
	}
}

// followNamespaces follows a server until the test ends.
func followNamespaces(t *testing.T, s *quietServer, idle time.Duration, resume func() bool) *store[namespaces] {
	t.Helper()
	c, err := newClient(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	to := newStore("namespaces", newNamespaces, time.Now, time.Hour)
	from := namespaceSource(c, resume, idle)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		follow(ctx, from, to)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return to
}

func TestAServerThatCannotStreamIsListedInPages(t *testing.T) {
	t.Parallel()
	s := newQuietServer(t)
	to := followNamespaces(t, s, time.Hour, func() bool { return true })
	await(t, "the watch is open", func() bool { return len(s.requests()) == 4 })
	want := []string{
		"namespaces watch=true sendInitialEvents=true",
		"namespaces limit=500",
		"namespaces limit=500 continue=next",
		"namespaces watch=true resourceVersion=5",
	}
	if got := s.requests(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	if err := to.read(func(got namespaces) {
		if len(got) != 2 || got["a"]["l"] != "a" {
			t.Errorf("got %v", got)
		}
	}); err != nil {
		t.Error(err)
	}
}

func TestAQuietWatchIsResumedWhereItWas(t *testing.T) {
	t.Parallel()
	s := newQuietServer(t)
	// Reflectors take a watch of less than a second for a failure.
	var heard atomic.Int32
	followNamespaces(t, s, 1100*time.Millisecond, func() bool { heard.Add(1); return true })
	await(t, "two watches were resumed", func() bool { return heard.Load() >= 3 })
	for _, request := range s.requests()[3:] {
		if request != "namespaces watch=true resourceVersion=5" {
			t.Errorf("asked %q instead of going on", request)
		}
	}
}

func TestNoListIsContentWithWhatWasKnownBefore(t *testing.T) {
	t.Parallel()
	s := newQuietServer(t)
	c, err := newClient(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	from := namespaceSource(c, func() bool { return true }, time.Hour)
	before := metav1.ListOptions{ResourceVersion: "5", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan}
	if _, err := from.ListWithContext(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	before.SendInitialEvents = new(true)
	if _, err := from.WatchWithContext(t.Context(), before); err == nil {
		t.Fatal("the server streams lists")
	}
	if got, want := s.requests(), []string{"namespaces", "namespaces watch=true sendInitialEvents=true"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestAListThatIsGivenUpIsAnError(t *testing.T) {
	t.Parallel()
	s := newQuietServer(t)
	c, err := newClient(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	from := namespaceSource(c, func() bool { return true }, time.Hour)
	if got, err := from.ListWithContext(ctx, metav1.ListOptions{}); err == nil {
		t.Errorf("got %v", got)
	}
}

// TestNothingIsLeftOfARun is not parallel: it looks at all goroutines.
func TestNothingIsLeftOfARun(t *testing.T) {
	tests := []struct {
		name   string
		before func(*Cache)
		until  func(*quietServer) bool
	}{
		{"stopped at once", func(*Cache) {}, func(*quietServer) bool { return true }},
		{"stopped with a connection that is idle", func(c *Cache) {
			if _, err := c.Labels(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}, func(*quietServer) bool { return true }},
		{"stopped while it watches", func(*Cache) {}, func(s *quietServer) bool {
			return slices.Contains(s.requests(), "namespaces watch=true resourceVersion=5")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newQuietServer(t)
			c, err := NewCache(&rest.Config{Host: s.URL}, CacheOptions{})
			if err != nil {
				t.Fatal(err)
			}
			tt.before(c)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() { c.Run(ctx); close(done) }()
			await(t, "it runs", func() bool { return tt.until(s) })
			cancel()
			await(t, "it has ended", func() bool {
				select {
				case <-done:
					return true
				default:
					return false
				}
			})
			await(t, "no goroutine is left", func() bool { return leftOver() == "" })
		})
	}
}

// leftOver returns a goroutine of a reflector or a connection.
func leftOver() string {
	text := make([]byte, 1<<20)
	text = text[:runtime.Stack(text, true)]
	for _, g := range strings.Split(string(text), "\n\n") {
		for _, of := range []string{"client-go/", "cluster.(*stream)", "(*persistConn)"} {
			if strings.Contains(g, of) {
				return g
			}
		}
	}
	return ""
}

func TestAWatchThatMustNotBeResumedBeginsWithAListAgain(t *testing.T) {
	t.Parallel()
	s := newQuietServer(t)
	var resumed atomic.Int32
	to := followNamespaces(t, s, 1100*time.Millisecond, func() bool { return resumed.Add(1) != 2 })
	await(t, "it is watched again", func() bool { return resumed.Load() >= 3 })
	lists := 0
	for _, request := range s.requests() {
		if request == "namespaces limit=500" {
			lists++
		}
	}
	if lists != 2 {
		t.Errorf("%d lists, want one at the beginning and one for the watch: %q", lists, s.requests())
	}
	if err := to.read(func(namespaces) {}); err != nil {
		t.Error(err)
	}
}
