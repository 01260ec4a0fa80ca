package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// groupServer is an API server that has documents of the group gabion.io, none of
// which ever changes in a watch: the watches end, and what there is is listed.
type groupServer struct {
	*httptest.Server

	mu sync.Mutex
	// objects are names by resources, of those that are served.
	objects map[string][]string
	// answer is the code that lists are answered with, 200 if it is 0.
	answer int
	// ending says that the definitions are to be deleted.
	ending bool
}

func newGroupServer(t *testing.T, objects map[string][]string) *groupServer {
	t.Helper()
	s := &groupServer{objects: objects}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// now changes what the server has.
func (s *groupServer) now(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *groupServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	say := func(code int, what any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(what)
	}
	fail := func(code int, reason string) {
		say(code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": "no"})
	}
	resource := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/apis/gabion.io/v1alpha1"), "/")
	names, served := s.objects[resource]
	switch {
	case resource == "":
		verbs := []string{"list", "create"}[:2-map[bool]int{true: 1}[s.ending]]
		var all []map[string]any
		for name := range s.objects {
			all = append(all, map[string]any{"name": name, "verbs": verbs})
		}
		say(http.StatusOK, map[string]any{"kind": "APIResourceList", "resources": all})
	case s.answer == http.StatusForbidden:
		fail(s.answer, "Forbidden")
	case s.answer != 0:
		fail(s.answer, "Unknown")
	case !served:
		fail(http.StatusNotFound, "NotFound")
	case r.URL.Query().Has("sendInitialEvents"):
		fail(http.StatusUnprocessableEntity, "Invalid")
	case r.URL.Query().Has("watch"):
		fail(http.StatusGone, "Expired")
	default:
		items := []any{}
		for _, name := range names {
			items = append(items, map[string]any{
				"apiVersion": "gabion.io/v1alpha1", "kind": "X", "metadata": map[string]any{"name": name, "uid": "1", "labels": map[string]string{"a": "b"}},
				"spec": map[string]any{"a": 1}, "status": map[string]any{},
			})
		}
		say(http.StatusOK, map[string]any{"kind": "XList", "apiVersion": "gabion.io/v1alpha1", "metadata": map[string]any{"resourceVersion": "5"}, "items": items})
	}
}

// followDocuments follows a server until the test ends, and returns a function that
// waits for documents, by kinds and names, and for reasons not to be ready.
func followDocuments(t *testing.T, s *groupServer, log *slog.Logger) (d *Documents, expect func(want string, unready ...string)) {
	t.Helper()
	d, err := NewDocuments(&rest.Config{Host: s.URL, QPS: -1}, DocumentsOptions{
		Log: log, askAgain: 10 * time.Millisecond, failedAgain: 10 * time.Millisecond, goneSettles: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		d.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return d, func(want string, unready ...string) {
		t.Helper()
		got, reasons := "", []string(nil)
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			got = ""
			for _, o := range d.All() {
				got += strings.TrimPrefix(o.Kind, "PodSecurity") + " " + o.Name + ", "
			}
			if reasons = d.Unready(); d.Begun() && got == want && slices.EqualFunc(reasons, unready, strings.Contains) {
				return
			}
		}
		t.Fatalf("got %q, not ready: %q; want %q, %q", got, reasons, want, unready)
	}
}

const guardsOf, profilesOf, exceptionsOf = "podsecurityguards", "podsecurityprofiles", "podsecurityexceptions"

// all has an object of each kind.
func all() map[string][]string {
	return map[string][]string{guardsOf: {"g"}, profilesOf: {"p"}, exceptionsOf: {"x"}}
}

const allThere = "Exception x, Guard g, Profile p, "

// lines counts log lines.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) with(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(l.all), func(s string) bool { return !strings.Contains(s, part) }))
}

func TestDocumentsAreWhatTheObjectsSayBesideTheirMetadata(t *testing.T) {
	t.Parallel()
	d, expect := followDocuments(t, newGroupServer(t, all()), nil)
	expect(allThere)
	const want = `{"apiVersion":"gabion.io/v1alpha1","kind":"X","metadata":{"name":"g"},"spec":{"a":1}}`
	if got := string(d.All()[1].JSON); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDocumentsComeAndGoWithTheirObjects(t *testing.T) {
	t.Parallel()
	s := newGroupServer(t, map[string][]string{})
	said := &lines{}
	_, expect := followDocuments(t, s, slog.New(slog.NewTextHandler(said, nil)))
	expect("")
	s.now(func() { s.objects = all() })
	expect(allThere)
	s.now(func() { s.objects[guardsOf], s.objects[exceptionsOf] = []string{"h"}, []string{"x", "y"} })
	expect("Exception x, Exception y, Guard h, Profile p, ")
	s.now(func() { s.objects = map[string][]string{guardsOf: nil, profilesOf: nil, exceptionsOf: nil} })
	expect("")
	if n := said.with("level"); n > 0 {
		t.Errorf("the log has %q", said.all)
	}
}

// TestGuardsAndProfilesOutlastTheirDefinition has an API server that deletes the
// objects first, and one of which nobody has heard meanwhile.
func TestGuardsAndProfilesOutlastTheirDefinition(t *testing.T) {
	t.Parallel()
	for _, slowly := range []bool{true, false} {
		s := newGroupServer(t, all())
		said := &lines{}
		_, expect := followDocuments(t, s, slog.New(slog.NewTextHandler(said, nil)))
		expect(allThere)
		if slowly {
			s.now(func() {
				s.objects, s.ending = map[string][]string{guardsOf: nil, profilesOf: nil, exceptionsOf: nil}, true
			})
			await(t, "both stay", func() bool { return said.with("the object stays in force") == 2 })
		}
		s.now(func() { s.objects, s.ending = map[string][]string{}, false })
		await(t, "the definitions are gone", func() bool { return said.with("the definition is gone") == 3 })
		expect("Guard g, Profile p, ")
		s.now(func() { s.objects = map[string][]string{guardsOf: {"other"}, profilesOf: {"p"}, exceptionsOf: nil} })
		expect("Guard g, Guard other, Profile p, ")
		time.Sleep(2 * goneLooks)
		expect("Guard g, Guard other, Profile p, ")
		if n := said.with("the object stays in force"); n != 2 {
			t.Errorf("said %d times that an object stays: %q", n, said.all)
		}
		// One that has come again is like any other.
		s.now(func() { s.objects[guardsOf], s.objects[profilesOf] = []string{"g"}, nil })
		expect("Guard g, ")
		s.now(func() { s.objects[guardsOf] = nil })
		expect("")
	}
}

func TestWhatCannotBeReadStaysAsItWas(t *testing.T) {
	t.Parallel()
	s := newGroupServer(t, all())
	said := &lines{}
	_, expect := followDocuments(t, s, slog.New(slog.NewTextHandler(said, nil)))
	expect(allThere)
	for _, code := range []int{http.StatusForbidden, http.StatusBadGateway} {
		s.now(func() { s.answer = code })
		expect(allThere, "podsecurityguards cannot be read: ", "podsecurityprofiles cannot be read: ")
		time.Sleep(100 * time.Millisecond) // it is asked again and again
		s.now(func() { s.answer = 0 })
		expect(allThere)
	}
	if n := said.with("objects cannot be read"); n < 4 || n > 6 {
		t.Errorf("said %d times that objects cannot be read, want once for each kind and fault: %q", n, said.all)
	}
	s.Close()
	time.Sleep(100 * time.Millisecond)
	expect(allThere)
}

func TestGuardsThatAreNotKnownYetAreWaitedFor(t *testing.T) {
	t.Parallel()
	s := newGroupServer(t, all())
	s.answer = http.StatusForbidden
	d, expect := followDocuments(t, s, nil)
	await(t, "it is not ready", func() bool {
		return len(d.Unready()) == 2 && strings.Contains(fmt.Sprint(d.Unready()), "cannot be read")
	})
	if d.Begun() || len(d.All()) > 0 {
		t.Errorf("begun without guards: %v", d.All())
	}
	s.now(func() { s.answer = 0 })
	expect(allThere)
}

func TestWhoMayNotReadWhatIsNotThereMissesNothing(t *testing.T) {
	t.Parallel()
	s := newGroupServer(t, map[string][]string{})
	s.answer = http.StatusForbidden
	said := &lines{}
	_, expect := followDocuments(t, s, slog.New(slog.NewTextHandler(said, nil)))
	expect("")
	if n := said.with("level"); n > 0 {
		t.Errorf("the log has %q", said.all)
	}
}
