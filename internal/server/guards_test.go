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
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/server/resource"
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
