package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/workload"
)

// crd returns a definition of kinds.example.com, or another kind, with versions as
// in JSON.
func crd(kind, scope, versions string) string {
	lower := strings.ToLower(kind)
	return `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"` + lower + `s.example.com","resourceVersion":"7"},` +
		`"spec":{"group":"example.com","scope":"` + scope + `","names":{"kind":"Wanted","plural":"wanted"},"versions":[` + versions + `]},` +
		`"status":{"acceptedNames":{"kind":"` + kind + `","plural":"` + lower + `s"},"conditions":[{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}}`
}

// inVersion returns a version with a schema of spec.
func inVersion(name string, served bool, spec string) string {
	return fmt.Sprintf(`{"name":%q,"served":%t,"schema":{"openAPIV3Schema":{"properties":{"spec":%s}}}}`, name, served, spec)
}

const (
	inTemplate = `{"properties":{"template":` + aTemplate + `}}`
	inPod      = `{"properties":{"pod":` + aTemplate + `}}`
	open       = `{"x-kubernetes-preserve-unknown-fields":true}`
	noPod      = `{"properties":{"text":{}}}`
)

// found returns what definitions say.
func found(t *testing.T, all ...string) CustomResources {
	t.Helper()
	d, err := NewDefinitions(&rest.Config{Host: "localhost"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var list []any
	for _, text := range all {
		var whole definition
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			t.Fatal(err)
		}
		o, err := reduceDefinition(&whole)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	if err := d.store.Replace(list, "9"); err != nil {
		t.Fatal(err)
	}
	f, err := d.find()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefinitionsTellWhichCustomResourcesHoldPods(t *testing.T) {
	t.Parallel()
	path := func(kind, path string) workload.TemplatePath {
		return workload.TemplatePath{Group: "example.com", Kind: kind, Path: path}
	}
	judged := func(plural string, versions ...string) CustomResource {
		return CustomResource{Group: "example.com", Plural: plural, Versions: versions}
	}
	rollout := strings.ReplaceAll(crd("Rollout", "Namespaced", inVersion("v1", true, open)), "example.com", "argoproj.io")
	many := make([]string, maxCustomPlaces+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"p%d":%s`, i, aTemplate)
	}
	for _, tt := range []struct {
		name string
		crds []string
		want CustomResources
	}{
		{"there are none", nil, CustomResources{}},
		{
			"several, sorted",
			[]string{crd("Two", "Namespaced", inVersion("v1", true, inTemplate)), crd("None", "Namespaced", inVersion("v1", true, noPod)), crd("One", "Namespaced", inVersion("v1", true, inPod))},
			CustomResources{
				Judged: []CustomResource{judged("ones", "v1"), judged("twos", "v1")},
				Paths:  []workload.TemplatePath{path("One", "spec.pod"), path("Two", "spec.template")},
			},
		},
		{
			"all versions that are served",
			[]string{crd("One", "Namespaced", inVersion("v2", true, inTemplate)+","+inVersion("v1", true, inPod)+","+inVersion("v0", false, `{"properties":{"old":`+aTemplate+`}}`))},
			CustomResources{
				Judged: []CustomResource{judged("ones", "v1", "v2")}, Paths: []workload.TemplatePath{path("One", "spec.pod"), path("One", "spec.template")},
			},
		},
		{
			"the same place in two versions", []string{crd("One", "Namespaced", inVersion("v1", true, inPod)+","+inVersion("v2", true, inPod))},
			CustomResources{Judged: []CustomResource{judged("ones", "v1", "v2")}, Paths: []workload.TemplatePath{path("One", "spec.pod")}},
		},
		{
			"a kind that is known, whatever its schema hides", []string{rollout},
			CustomResources{Judged: []CustomResource{{Group: "argoproj.io", Plural: "rollouts", Versions: []string{"v1"}}}},
		},
		{"none that is served", []string{crd("One", "Namespaced", inVersion("v1", false, inPod))}, CustomResources{}},
		{
			"names that are not accepted", []string{strings.Replace(crd("One", "Namespaced", inVersion("v1", true, inPod)), `"kind":"One"`, `"kind":""`, 1)},
			CustomResources{},
		},
		{
			"not established", []string{strings.Replace(crd("One", "Namespaced", inVersion("v1", true, inPod)), `"Established","status":"True"`, `"Established","status":"False"`, 1)},
			CustomResources{},
		},
		{
			"what cannot be checked",
			[]string{
				crd("Shell", "Namespaced", inVersion("v1", true, noPod)+","+inVersion("v2", true, open)), crd("Old", "Namespaced", `{"name":"v1","served":true}`),
				crd("Wide", "Cluster", inVersion("v1", true, inPod)), crd("Many", "Namespaced", inVersion("v1", true, `{"properties":{`+strings.Join(many, ",")+`}}`)),
			},
			CustomResources{Unchecked: []UncheckedResource{
				{"manys.example.com", "its schema has more than 64 places for pods"},
				{"olds.example.com", "its schema lets anything stand somewhere"},
				{"shells.example.com", "its schema lets anything stand somewhere"},
				{"wides.example.com", "it is in no namespace: which one its pods will be in cannot be told"},
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Version = 9
			if diff := cmp.Diff(tt.want, found(t, tt.crds...)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestOnlySoManyCustomResourcesAreJudged(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range maxCustomResources + 2 {
		all = append(all, crd(fmt.Sprintf("Kind%03d", i), "Namespaced", inVersion("v1", true, inPod)))
	}
	f := found(t, all...)
	want := []UncheckedResource{
		{"kind500s.example.com", "there are more than 500 custom resources that hold pods"},
		{"kind501s.example.com", "there are more than 500 custom resources that hold pods"},
	}
	if diff := cmp.Diff(want, f.Unchecked); diff != "" || len(f.Judged) != maxCustomResources || len(f.Paths) != maxCustomResources {
		t.Errorf("%d are judged by %d paths, not checked are %s", len(f.Judged), len(f.Paths), diff)
	}
}

// definitionServer is an API server that cannot stream lists. It refuses until it is
// opened, and then has one definition, and the news that are sent to it.
type definitionServer struct {
	*httptest.Server

	mu   sync.Mutex
	open bool
	news chan string
}

func newDefinitionServer(t *testing.T) *definitionServer {
	t.Helper()
	s := &definitionServer{news: make(chan string)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *definitionServer) allow(open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = open
}

func (s *definitionServer) answer(w http.ResponseWriter, r *http.Request) {
	status := func(code int, reason string) {
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"no","code":%d}`, reason, code)
	}
	w.Header().Set("Content-Type", "application/json")
	s.mu.Lock()
	open := s.open
	s.mu.Unlock()
	switch query := r.URL.Query(); {
	case r.URL.Path != "/apis/apiextensions.k8s.io/v1/customresourcedefinitions":
		status(http.StatusNotFound, "NotFound")
	case !open:
		status(http.StatusForbidden, "Forbidden")
	case query.Has("sendInitialEvents"):
		status(http.StatusUnprocessableEntity, "Invalid")
	case query.Has("watch"):
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case event := <-s.news:
				if event == "" {
					return
				}
				_, _ = fmt.Fprintln(w, event)
				w.(http.Flusher).Flush()
			}
		}
	default:
		_, _ = fmt.Fprintf(w, `{"kind":"CustomResourceDefinitionList","apiVersion":"apiextensions.k8s.io/v1","metadata":{"resourceVersion":"5"},"items":[%s]}`,
			crd("One", "Namespaced", inVersion("v1", true, inPod)))
	}
}

// event is news of a definition, in a version of the cluster.
func event(what, version, crd string) string {
	return `{"type":"` + what + `","object":` + strings.Replace(crd, `"resourceVersion":"7"`, `"resourceVersion":"`+version+`"`, 1) + `}`
}

func TestDefinitionsAreFollowed(t *testing.T) {
	t.Parallel()
	s := newDefinitionServer(t)
	var mu sync.Mutex
	var log bytes.Buffer
	logged := func(text string) int {
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(log.String(), text)
	}
	d, err := NewDefinitions(&rest.Config{Host: s.URL}, slog.New(slog.NewTextHandler(&locked{mu: &mu, to: &log}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	uses := make(chan CustomResources)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx, func(f CustomResources) { uses <- f })
	}()
	defer func() { cancel(); <-done }()
	next := func() string {
		t.Helper()
		select {
		case f := <-uses:
			return fmt.Sprint(f)
		case <-time.After(30 * time.Second):
			t.Fatal("nothing was told")
			return ""
		}
	}
	await(t, "it is said that definitions may not be listed", func() bool {
		return logged("customresourcedefinitions cannot be followed, what is known of custom resources stays") == 1
	})
	time.Sleep(time.Second) // it is tried again and again
	if n := logged("level=WARN"); n != 1 {
		t.Errorf("that was said %d times", n)
	}
	if n, age := d.Stats(); n != 0 || age >= 0 {
		t.Errorf("there are %d definitions, of which was heard %s ago", n, age)
	}
	s.allow(true)
	const one, shell = "{example.com ones [v1]}", "{shells.example.com its schema lets anything stand somewhere}"
	if got, want := next(), "{5 ["+one+"] [{example.com One spec.pod false}] []}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if logged("customresourcedefinitions are followed again") != 1 {
		t.Error("nobody says that it works again")
	}

	s.news <- event("MODIFIED", "6", crd("One", "Namespaced", inVersion("v1", true, inPod))) // no change
	s.news <- event("ADDED", "7", crd("Two", "Namespaced", inVersion("v1", true, noPod)))
	s.news <- event("ADDED", "8", crd("Shell", "Namespaced", inVersion("v1", true, open)))
	if got, want := next(), "{8 ["+one+"] [{example.com One spec.pod false}] ["+shell+"]}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.news <- event("DELETED", "9", crd("One", "Namespaced", inVersion("v1", true, inPod)))
	if got, want := next(), "{9 [] [] ["+shell+"]}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Nothing is lost when the right is.
	s.allow(false)
	s.news <- ""
	await(t, "it is said again", func() bool { return logged("level=WARN") == 2 })
	if n, _ := d.Stats(); n != 2 {
		t.Errorf("there are %d definitions left, want 2", n)
	}
	select {
	case f := <-uses:
		t.Errorf("there is something else now: %v", f)
	case <-time.After(2 * definitionsSettle):
	}
}

// locked is a writer that others may read.
type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(text)
}
