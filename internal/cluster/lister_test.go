package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
)

// fake is an API server of which the test says what it answers, by path and
// query. What it was not told of is not found.
type fake struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]answerOf
	asked   []string
}

type answerOf struct {
	code int
	text string
}

func newFake(t *testing.T, answers map[string]answerOf) *fake {
	t.Helper()
	f := &fake{answers: answers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Path
		if token := r.URL.Query().Get("continue"); token != "" {
			key += "?" + token
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, key)
		answer, ok := f.answers[key]
		if !ok {
			answer = answerOf{http.StatusNotFound, status(http.StatusNotFound, "NotFound", "the server could not find the requested resource", "")}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.code)
		_, _ = w.Write([]byte(answer.text))
	}))
	t.Cleanup(f.Close)
	return f
}

func status(code int, reason, message, token string) string {
	text, err := json.Marshal(map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]string{"continue": token},
		"status": "Failure", "code": code, "reason": reason, "message": message,
	})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

const emptyList = `"metadata":{"resourceVersion":"1"},"items":[]}`

// olderServer is an API server of Kubernetes 1.21 with nothing in it.
func olderServer() map[string]answerOf {
	all := map[string]answerOf{
		"/version": {200, `{"major":"1","minor":"21+","gitVersion":"v1.21.14-x"}`},
		"/apis": {200, `{"kind":"APIGroupList","apiVersion":"v1","groups":[` +
			`{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"version":"v1"}},` +
			`{"name":"argoproj.io","versions":[{"version":"v1beta1"},{"version":"v1alpha1"}],"preferredVersion":{"version":"v1alpha1"}},` +
			`{"name":"down.example.com","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}},` +
			`{"name":"custom.metrics.k8s.io","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]}`},
		"/apis/argoproj.io/v1alpha1": {200, `{"kind":"APIResourceList","resources":[` +
			`{"name":"rollouts","kind":"Rollout","namespaced":true,"verbs":["list"]},` +
			`{"name":"rollouts/status","kind":"Rollout","namespaced":true,"verbs":["get"]}]}`},
		"/apis/argoproj.io/v1beta1":      {200, `{"kind":"APIResourceList","resources":[{"name":"rollouts","kind":"Rollout","namespaced":true,"verbs":["list"]}]}`},
		"/apis/down.example.com/v1":      {503, status(503, "ServiceUnavailable", "the server is\ncurrently unable", "")},
		"/apis/custom.metrics.k8s.io/v1": {503, status(503, "ServiceUnavailable", "down", "")},
		"/apis/argoproj.io/v1alpha1/rollouts": {200, `{"metadata":{},"items":[{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout",` +
			`"metadata":{"name":"r","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}]}`},
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {200, "{" + emptyList},
		"/apis/policy/v1beta1/podsecuritypolicies": {200, `{"metadata":{},"items":[{"metadata":{"name":"strict","uid":"u",` +
			`"annotations":{"apparmor.security.beta.kubernetes.io/defaultProfileName":"p","note":"secret"}},` +
			`"spec":{"privileged":false,"runAsUser":{"rule":"RunAsAny"},"secret":"x"}}]}`},
		"/api/v1/serviceaccounts": {200, `{"kind":"ServiceAccountList","apiVersion":"v1",` + emptyList},
	}
	for path, kind := range map[string]string{
		"clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding", "roles": "Role", "rolebindings": "RoleBinding",
	} {
		all["/apis/rbac.authorization.k8s.io/v1/"+path] = answerOf{200, `{"kind":"` + kind + `List","apiVersion":"rbac.authorization.k8s.io/v1",` + emptyList}
	}
	for _, k := range append(workloadKinds(), namespaceKind()) {
		all[k.path("")] = answerOf{200, `{"kind":"` + k.kind + `List","apiVersion":"` + k.apiVersion() + `",` + emptyList}
	}
	return all
}

func listed(t *testing.T, f *fake, o ListOptions) (*inventory.Inventory, error) {
	t.Helper()
	b := inventory.NewBuilder("")
	if err := List(t.Context(), &rest.Config{Host: f.URL, QPS: -1}, o, &b.Inventory, b.Add); err != nil {
		return nil, err
	}
	return b.Build(), nil
}

func TestAnOlderServerIsListedGroupByGroup(t *testing.T) {
	t.Parallel()
	got, err := listed(t, newFake(t, olderServer()), ListOptions{Parts: Pods | Access | Policies})
	if err != nil {
		t.Fatal(err)
	}
	if got.Server.Release != "v1.21.14-x" || got.Server.Version.String() != "v1.21" {
		t.Errorf("got server %+v", got.Server)
	}
	if len(got.Namespaces) != 1 || len(got.Namespaces[0].Workloads) != 1 || got.Namespaces[0].Workloads[0].Kind != "Rollout" {
		t.Errorf("got namespaces %+v, want shop with a Rollout", got.Namespaces)
	}
	missing := []inventory.Missing{{Resource: "*.down.example.com", Reason: "the server is currently unable"}}
	if diff := cmp.Diff(missing, got.Missing); diff != "" {
		t.Errorf("missing, want (-), got (+):\n%s", diff)
	}
	want := `{"apiVersion":"policy/v1beta1","kind":"PodSecurityPolicy","metadata":{"name":"strict",` +
		`"annotations":{"apparmor.security.beta.kubernetes.io/defaultProfileName":"p"}},` +
		`"spec":{"seLinux":{"rule":""},"runAsUser":{"rule":"RunAsAny"},"supplementalGroups":{},"fsGroup":{}}}`
	if len(got.PodSecurityPolicies) != 1 || string(got.PodSecurityPolicies[0]) != want {
		t.Errorf("got policies %s, want %s", got.PodSecurityPolicies, want)
	}
}

func namespaceList(token string, remaining int, names ...string) string {
	items := make([]map[string]any, 0, len(names))
	for _, name := range names {
		items = append(items, map[string]any{"metadata": map[string]any{"name": name}})
	}
	text, err := json.Marshal(map[string]any{
		"kind": "NamespaceList", "apiVersion": "v1", "items": items,
		"metadata": map[string]any{"resourceVersion": "1", "continue": token, "remainingItemCount": remaining},
	})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestListsComeInPagesAndGoOnWhereTheirStateIsForgotten(t *testing.T) {
	t.Parallel()
	answers := olderServer()
	answers["/api/v1/namespaces"] = answerOf{200, namespaceList("two", 2, "a", "b")}
	answers["/api/v1/namespaces?two"] = answerOf{410, status(410, "Expired", "too old", "later")}
	answers["/api/v1/namespaces?later"] = answerOf{200, namespaceList("", 0, "c")}
	var heard []Progress
	got, err := listed(t, newFake(t, answers), ListOptions{Progress: func(p Progress) {
		if p.Resource == "namespaces" {
			heard = append(heard, p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ns := range got.Namespaces {
		names = append(names, ns.Name)
	}
	if want := []string{"a", "b", "c", "shop"}; !cmp.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if want := []Progress{{"namespaces", 0, 0}, {"namespaces", 2, 4}, {"namespaces", 3, 3}}; !cmp.Equal(heard, want) {
		t.Errorf("progress: got %v, want %v", heard, want)
	}
}

func TestWhatIsNoRefusalIsAnError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path string
		answer     answerOf
		want       string
	}{
		{"an API server that is too old", "/version", answerOf{200, `{"major":"1","minor":"20"}`}, "at least 1.21 is needed"},
		{"a version that is no JSON", "/version", answerOf{200, `hello`}, "reading the API server's version"},
		{"a user who is not known", "/api/v1/pods", answerOf{401, status(401, "Unauthorized", "who are you", "")}, "listing pods: who are you"},
		{"an API server that ends", "/api/v1/pods", answerOf{503, status(503, "ServiceUnavailable", "ending", "")}, "listing pods: "},
		{"one that fails", "/api/v1/pods", answerOf{500, status(500, "InternalError", "oops", "")}, "listing pods: oops"},
		{"a list that is none", "/api/v1/pods", answerOf{200, `{"kind":"Hello","apiVersion":"v1"}`}, "listing pods: "},
		{"a list that is cut off", "/apis/argoproj.io/v1alpha1/rollouts", answerOf{200, `{"items":[`}, "listing rollouts.argoproj.io: "},
		{"a state that is forgotten for good", "/api/v1/pods", answerOf{410, status(410, "Expired", "too old", "")}, "listing pods: too old"},
		{"no word on what is served", "/apis", answerOf{403, status(403, "Forbidden", "no", "")}, "asking the API server what it serves: no"},
		{"a definition that is none", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", answerOf{200, `{"items":[{"spec":3}]}`}, "reading a CustomResourceDefinition"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answers := olderServer()
			answers[tt.path] = tt.answer
			if got, err := listed(t, newFake(t, answers), ListOptions{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestWhatMayNotBeListedIsMissingAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	answers := olderServer()
	for _, path := range []string{"/api/v1/namespaces", "/api/v1/pods", "/apis/apps/v1/deployments"} {
		answers[path] = answerOf{403, status(403, "Forbidden", "you may\nnot", "")}
	}
	delete(answers, "/apis/batch/v1/cronjobs")
	answers["/apis/argoproj.io/v1alpha1/rollouts"] = answerOf{500, status(500, "InternalError", "conversion webhook failed", "")}
	answers["/apis/apps/v1/daemonsets"] = answerOf{200, `{"kind":"DaemonSetList","apiVersion":"apps/v1","metadata":{"resourceVersion":"1"},"items":[` +
		`{"metadata":{"name":"d","namespace":"shop"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}]}`}
	got, err := listed(t, newFake(t, answers), ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"namespaces": "you may not", "pods": "you may not", "deployments.apps": "you may not",
		"cronjobs.batch": "the server could not find the requested resource", "*.down.example.com": "the server is currently unable",
		"rollouts.argoproj.io": "conversion webhook failed",
	}
	missing := map[string]string{}
	for _, m := range got.Missing {
		missing[m.Resource] = m.Reason
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("missing, want (-), got (+):\n%s", diff)
	}
	if len(got.Namespaces) != 1 || got.Namespaces[0].Stated {
		t.Errorf("got %+v, want the namespace of the DaemonSet, whose labels nobody knows", got.Namespaces)
	}
}

func TestAListThatIsInterruptedIsAnError(t *testing.T) {
	t.Parallel()
	f := newFake(t, olderServer())
	ctx, cancel := context.WithCancel(t.Context())
	b := inventory.NewBuilder("")
	err := List(ctx, &rest.Config{Host: f.URL, QPS: -1}, ListOptions{Progress: func(Progress) { cancel() }}, &b.Inventory, b.Add)
	if !errors.Is(err, context.Canceled) || len(b.Missing) > 0 {
		t.Errorf("got %v, and missing %v", err, b.Missing)
	}
}

func TestAClusterWideCustomResourceIsInNoNamespace(t *testing.T) {
	t.Parallel()
	answers := olderServer()
	answers["/apis/argoproj.io/v1alpha1"] = answerOf{200, `{"resources":[{"name":"rollouts","kind":"Rollout","verbs":["list"]}]}`}
	answers["/apis/argoproj.io/v1alpha1/rollouts"] = answerOf{200, `{"items":[{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout",` +
		`"metadata":{"name":"r"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}]}`}
	got, err := listed(t, newFake(t, answers), ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Namespaces) != 0 || len(got.NotChecked) != 1 || !cmp.Equal(got.NotChecked[0].Paths, []string{"spec.template"}) {
		t.Errorf("got namespaces %+v, not checked %+v", got.Namespaces, got.NotChecked)
	}
}
