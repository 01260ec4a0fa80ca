package registration

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/server/resource"
)

// place is an API server with one place for a mutating configuration.
type place struct {
	mu     sync.Mutex
	object map[string]any // nil if there is none
	asked  []string
}

func (p *place) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	if r.URL.Path != mutating.path() || p.object == nil && r.Method != http.MethodPatch {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound"})
		return
	}
	switch r.Method {
	case http.MethodPatch:
		var patch map[string]any
		_ = json.NewDecoder(r.Body).Decode(&patch)
		if p.object == nil || !strings.Contains(r.Header.Get("Content-Type"), "merge") {
			p.object = patch
		}
	case http.MethodDelete:
		p.object = nil
	}
	_ = json.NewEncoder(w).Encode(p.object)
}

// put stores a configuration of a generation, by a key.
func (p *place) put(t *testing.T, generation uint64, key []byte) {
	t.Helper()
	c := Mutating(Target{URL: "https://h/validate"}, []byte("CA"))
	seal(c, generation, key)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := json.Unmarshal(text, &p.object); err != nil {
		t.Fatal(err)
	}
}

func (p *place) there() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.object != nil
}

func optional(t *testing.T) (*Optional, *place) {
	t.Helper()
	p := &place{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	client, err := resource.NewClient(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return NewOptional(client, Options{
		Target: Target{URL: "https://h/validate"}, CAs: func(context.Context) ([]byte, error) { return []byte("CA"), nil },
		Key: func() []byte { return []byte("key") }, Log: slog.New(slog.DiscardHandler),
	}), p
}

func TestTheConfigurationForNewNamespacesAsksForNothingElse(t *testing.T) {
	t.Parallel()
	c := Mutating(Target{URL: "https://h:9443/gabion/validate?a=b", Reported: true, ExcludedNamespaces: []string{"kube-system"}}, []byte("CA"))
	w := c.Webhooks[0]
	if len(c.Webhooks) != 1 || c.Kind != "MutatingWebhookConfiguration" || *w.FailurePolicy != admissionregistrationv1.Fail || *w.SideEffects != admissionregistrationv1.SideEffectClassNone {
		t.Errorf("got %+v", c)
	}
	if len(w.Rules) != 1 || len(w.Rules[0].Operations) != 1 || w.Rules[0].Operations[0] != admissionregistrationv1.Create ||
		len(w.Rules[0].Resources) != 1 || w.Rules[0].Resources[0] != "namespaces" || len(w.NamespaceSelector.MatchExpressions) > 0 {
		t.Errorf("it asks for %+v", w)
	}
	for url, want := range map[string]string{
		"https://h:9443/validate": "https://h:9443/mutate", "https://h/gabion/validate?a=b": "https://h/gabion/mutate?a=b", "https://h": "https://h/mutate", "https://h/": "https://h/mutate",
	} {
		if got := *Mutating(Target{URL: url}, nil).Webhooks[0].ClientConfig.URL; got != want {
			t.Errorf("beside %s there is %s, want %s", url, got, want)
		}
	}
	service := Mutating(Target{Service: Service{Namespace: "own", Name: "gabion", Port: 443}}, nil).Webhooks[0].ClientConfig.Service
	if *service.Path != "/mutate" {
		t.Errorf("the service is asked at %s", *service.Path)
	}
}

// TestUsesThatComeToBeReportedAreASideEffect of the webhooks that judge by exceptions.
func TestUsesThatComeToBeReportedAreASideEffect(t *testing.T) {
	t.Parallel()
	for _, reported := range []bool{true, false} {
		for _, w := range Configuration(Target{URL: "https://h/validate", Reported: reported}, nil).Webhooks {
			want := admissionregistrationv1.SideEffectClassNone
			if reported && w.Name != NamespacesWebhook {
				want = admissionregistrationv1.SideEffectClassNoneOnDryRun
			}
			if *w.SideEffects != want {
				t.Errorf("reported: %t: the side effects of %s are %s", reported, w.Name, *w.SideEffects)
			}
		}
	}
}

func TestWhatNobodyWantsIsRemovedUnlessItIsThatOfALaterServer(t *testing.T) {
	t.Parallel()
	now := time.Now()
	unix := func(at time.Time) uint64 { return uint64(at.Unix()) } //nolint:gosec // no time before 1970
	for _, c := range []struct {
		name       string
		generation uint64
		key        string
		seen       time.Time // when it was first seen, if it was
		stays      bool
	}{
		{name: "one of before", generation: unix(now) - 10, key: "key"},
		{name: "one of a later server", generation: unix(now) + 10, key: "key", stays: true},
		{name: "one of a later server that has been there for a while", generation: unix(now) + 10, key: "key", seen: now.Add(-time.Minute), stays: true},
		{name: "one of a later server, who seems to have ended", generation: unix(now) + 10, key: "key", seen: now.Add(-yielding)},
		{name: "one that seems to be later, by whoever has no key", generation: unix(now) + 10, key: "forged"},
	} {
		p, at := optional(t)
		at.put(t, c.generation, []byte(c.key))
		later := stored{}
		if !c.seen.IsZero() {
			later = stored{c.generation, c.seen}
		}
		again := p.remove(t.Context(), now, &later)
		if at.there() != c.stays {
			t.Errorf("%s: it is there: %t", c.name, at.there())
		}
		if again <= 0 || again > yielding {
			t.Errorf("%s: it is looked at again after %s", c.name, again)
		}
	}
}

func TestWhoStartsLeavesWhatAnotherServerWants(t *testing.T) {
	t.Parallel()
	p, at := optional(t)
	at.put(t, uint64(time.Now().Add(-time.Hour).Unix()), []byte("key")) //nolint:gosec // no time before 1970
	p.remove(t.Context(), p.since, &stored{})
	if !at.there() {
		t.Error("it is removed, although nobody has changed his mind")
	}
}

func TestItIsThereWhileSomebodyWantsIt(t *testing.T) {
	t.Parallel()
	p, at := optional(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	until := func(what string, is func() bool) {
		t.Helper()
		for begin := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 30*time.Second {
				t.Fatal(what)
			}
		}
	}
	if p.NotReady() != "" || !p.Holds([]byte("other")) {
		t.Errorf("nobody wants it, but it is missed: %q", p.NotReady())
	}
	p.Want(true)
	if p.NotReady() == "" {
		t.Error("it is not missed at once")
	}
	until("it is not written", at.there)
	until("it is still missed", func() bool { return p.NotReady() == "" })
	p.Want(false)
	until("it is not removed", func() bool { return !at.there() })
	p.Want(true)
	until("it is not written again", at.there)
	cancel()
	<-ended
	if !at.there() {
		t.Error("it ends with the program")
	}
}
