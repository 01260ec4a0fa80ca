package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/server/resource"
	"github.com/gabion-security/gabion/pss"
)

func TestARightIsAskedForInTheWholeCluster(t *testing.T) {
	t.Parallel()
	user := admission.User{Name: "ann", UID: "7", Groups: []string{"a"}, Extra: map[string][]string{"scopes": {"x", "y"}}}
	want := authorizationv1.SubjectAccessReviewSpec{
		User: "ann", UID: "7", Groups: []string{"a"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"x", "y"}},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: "weaken", Group: "gabion.io", Version: "v1alpha1", Resource: "podsecuritylevels", Name: "shop",
		},
	}
	for answer, c := range map[string]struct {
		code  int
		may   bool
		fault string
	}{
		`{"status":{"allowed":true}}`:                                  {201, true, ""},
		`{"status":{"allowed":false}}`:                                 {201, false, ""},
		`{"status":{"allowed":true,"denied":true}}`:                    {201, false, ""},
		`{"status":{"allowed":false,"evaluationError":"no role"}}`:     {201, false, "no role"},
		`{"status":{"allowed":true,"evaluationError":"another role"}}`: {201, true, ""},
		`{}`:      {201, false, ""},
		`allowed`: {201, false, "reading the API server's answer"},
		`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not you","reason":"Forbidden","code":403}`: {403, false, "not you"},
	} {
		var asked authorizationv1.SubjectAccessReview
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != accessReviews || json.NewDecoder(r.Body).Decode(&asked) != nil {
				t.Errorf("asked for %s %s", r.Method, r.URL)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.code)
			_, _ = io.WriteString(w, answer)
		}))
		client, err := resource.NewClient(&rest.Config{Host: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		may, err := rights{client}.MayWeaken(t.Context(), user, "shop")
		s.Close()
		if may != c.may || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, %v", answer, may, err)
		}
		if diff := cmp.Diff(want, asked.Spec); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		if may, err := (rights{client}).MayWeaken(t.Context(), user, "shop"); may || err == nil {
			t.Errorf("nobody answers: %v, %v", may, err)
		}
	}
}

func TestWhoMakesANamespaceWhosePodsNobodyAsksAboutWeakens(t *testing.T) {
	t.Parallel()
	g, err := guard.Compile(&v1alpha1.PodSecurityGuard{
		ObjectMeta: metav1.ObjectMeta{Name: "g"},
		Spec:       v1alpha1.PodSecurityGuardSpec{Action: v1alpha1.GuardDeny, Namespaces: v1alpha1.Namespaces{All: true}, Lock: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := guard.NewSet([]*guard.Guard{g}, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := guards{set, []string{"kube-system"}}
	for _, c := range []struct {
		name     string
		fresh    bool
		weakened bool
	}{{"kube-system", true, true}, {"kube-system", false, false}, {"shop", true, false}} {
		said := judge.Judge(admission.NamespaceChange{Name: c.name, New: c.fresh, Defaults: pss.DefaultPolicy()})
		if got := len(said.Weakenings) > 0; got != c.weakened {
			t.Errorf("%s, new %v: weakened %v: %v", c.name, c.fresh, got, said)
		}
	}
}
