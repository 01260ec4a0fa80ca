package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/pss"
)

// namespaceServer has one namespace, shop, that somebody else writes, too.
type namespaceServer struct {
	t         *testing.T
	namespace corev1.Namespace
	// refuse are the answers to the next patches, nil for one that succeeds.
	refuse []*apierrors.StatusError
	// meanwhile is done after a refusal.
	meanwhile func(*corev1.Namespace)
	// sent are the patches.
	sent []string
}

func newNamespaceServer(t *testing.T) (*namespaceServer, *Labeler) {
	t.Helper()
	s := &namespaceServer{t: t, namespace: corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: "shop", UID: "u", ResourceVersion: "7", Labels: map[string]string{"team": "a"}},
	}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	l, err := NewLabeler(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func (s *namespaceServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPatch {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		s.sent = append(s.sent, r.URL.RawQuery+" "+string(body))
		if len(s.refuse) > 0 {
			refusal := s.refuse[0]
			s.refuse = s.refuse[1:]
			if s.meanwhile != nil {
				s.meanwhile(&s.namespace)
			}
			if refusal != nil {
				s.answer(w, int(refusal.ErrStatus.Code), refusal.ErrStatus)
				return
			}
		}
		var patch corev1.Namespace
		if err := json.Unmarshal(body, &patch); err != nil {
			s.t.Error(err)
		}
		for key, value := range patch.Labels {
			s.namespace.Labels[key] = value
		}
		w.Header().Add("Warning", `299 - "existing pods"`)
		w.Header().Add("Warning", `299 - "existing pods"`)
	}
	s.answer(w, http.StatusOK, s.namespace)
}

func (s *namespaceServer) answer(w http.ResponseWriter, code int, what any) {
	w.WriteHeader(code)
	if status, ok := what.(metav1.Status); ok {
		status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
		what = status
	}
	if err := json.NewEncoder(w).Encode(what); err != nil {
		s.t.Error(err)
	}
}

// change is one that enforces baseline.
func (s *namespaceServer) change(l *Labeler) *label.Change {
	s.t.Helper()
	n, err := l.Get(s.t.Context(), "shop")
	if err != nil {
		s.t.Fatal(err)
	}
	p := label.Planner{Defaults: pss.DefaultPolicy(), Exemptions: noExemptions{}}
	c := p.Plan(n, map[string]string{pss.EnforceLabel: "baseline"})
	return &c
}

type noExemptions struct{}

func (noExemptions) Namespace(string) bool    { return false }
func (noExemptions) RuntimeClass(string) bool { return false }

func written() *apierrors.StatusError {
	return apierrors.NewConflict(corev1.Resource("namespaces"), "shop", errors.New("the object has been modified"))
}

func TestAChangeSaysWhatItStandsOn(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	warnings, err := l.Apply(t.Context(), s.change(l), ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`fieldManager=gabion-label {"apiVersion":"v1","kind":"Namespace","metadata":` +
		`{"labels":{"pod-security.kubernetes.io/enforce":"baseline"},"name":"shop","resourceVersion":"7","uid":"u"}}`}
	if diff := cmp.Diff(want, s.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"existing pods"}, warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestAChangeOfSomethingElseMeanwhileIsTried(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	c := s.change(l)
	s.refuse = []*apierrors.StatusError{written()}
	s.meanwhile = func(n *corev1.Namespace) { n.Labels["team"], n.ResourceVersion = "b", "8" }
	if _, err := l.Apply(t.Context(), c, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(s.sent) != 2 || !strings.Contains(s.sent[1], `"resourceVersion":"8"`) {
		t.Errorf("sent %q, want a second try on version 8", s.sent)
	}
}

func TestAChangeOfTheLabelsMeanwhileIsAnError(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(*corev1.Namespace){
		"a label":         func(n *corev1.Namespace) { n.Labels[pss.WarnLabel] = "restricted" },
		"the namespace":   func(n *corev1.Namespace) { n.UID = "v" },
		"its opting out":  func(n *corev1.Namespace) { n.Labels[label.ManageLabel] = "false" },
		"the label asked": func(n *corev1.Namespace) { n.Labels[pss.EnforceLabel] = "restricted" },
	} {
		s, l := newNamespaceServer(t)
		c := s.change(l)
		s.refuse, s.meanwhile = []*apierrors.StatusError{written()}, meanwhile
		if _, err := l.Apply(t.Context(), c, ApplyOptions{}); !errors.Is(err, ErrChanged) || len(s.sent) != 1 {
			t.Errorf("%s: got %v after %d patches, want %v after one", name, err, len(s.sent), ErrChanged)
		}
	}
}

func TestANamespaceThatIsWrittenAllTheTimeIsGivenUp(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	c := s.change(l)
	for range 100 {
		s.refuse = append(s.refuse, written())
	}
	if _, err := l.Apply(t.Context(), c, ApplyOptions{}); !errors.Is(err, ErrChanged) || len(s.sent) != 5 {
		t.Errorf("got %v after %d patches", err, len(s.sent))
	}
}

func TestLabelsOfOtherFieldManagersAreAConflict(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	c := s.change(l)
	refusal := apierrors.NewApplyConflict([]metav1.StatusCause{{
		Type: metav1.CauseTypeFieldManagerConflict, Message: `conflict with "gitops"`, Field: ".metadata.labels." + pss.EnforceLabel,
	}}, "Apply failed with 1 conflict")
	s.refuse = []*apierrors.StatusError{refusal}
	_, err := l.Apply(t.Context(), c, ApplyOptions{})
	var owned *OwnedError
	if !errors.As(err, &owned) || owned.Error() != `conflict with "gitops": `+pss.EnforceLabel {
		t.Errorf("got %v", err)
	}
	if _, err := l.Apply(t.Context(), c, ApplyOptions{Force: true, DryRun: true}); err != nil {
		t.Error(err)
	}
	if len(s.sent) != 2 || !strings.Contains(s.sent[1], "force=true") || !strings.Contains(s.sent[1], "dryRun=All") {
		t.Errorf("sent %q", s.sent)
	}
}

func TestOtherErrorsAreTheAPIServers(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	c := s.change(l)
	s.refuse = []*apierrors.StatusError{apierrors.NewForbidden(corev1.Resource("namespaces"), "shop", errors.New("not yours"))}
	if _, err := l.Apply(t.Context(), c, ApplyOptions{}); !apierrors.IsForbidden(err) || len(s.sent) != 1 {
		t.Errorf("got %v after %d patches", err, len(s.sent))
	}
}

func TestWhatTheAPIServerMakesOfLabelsIsCompared(t *testing.T) {
	t.Parallel()
	s, l := newNamespaceServer(t)
	c := s.change(l)
	s.refuse = []*apierrors.StatusError{nil}
	s.meanwhile = func(n *corev1.Namespace) { n.Labels[pss.WarnLabel] = "privileged" } // as a mutating webhook does
	if _, err := l.Apply(t.Context(), c, ApplyOptions{}); !errors.Is(err, ErrOthers) {
		t.Errorf("got %v, want %v", err, ErrOthers)
	}
}
