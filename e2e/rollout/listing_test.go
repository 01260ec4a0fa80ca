package rollout_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// TestBuiltInKindsAreListedAsProtobuf looks at what the API server answers: it has
// custom resources in JSON only.
func TestBuiltInKindsAreListedAsProtobuf(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fill(t)
	var mu sync.Mutex
	types := map[string]string{}
	kubeconfig := plane.Through(t, func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			api.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			types[r.URL.Path] = w.Header().Get("Content-Type")
		})
	})
	stdout, stderr, code := run(t, gabion, kubeconfig, "plan")
	if code != 3 || !strings.Contains(stdout, "shop") { // not everything in the cluster can be judged
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, path := range []string{
		"/api/v1/namespaces", "/api/v1/pods", "/api/v1/replicationcontrollers", "/api/v1/podtemplates",
		"/apis/apps/v1/daemonsets", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets",
		"/apis/batch/v1/cronjobs", "/apis/batch/v1/jobs",
	} {
		if got := types[path]; got != "application/vnd.kubernetes.protobuf" {
			t.Errorf("%s came as %q", path, got)
		}
	}
	if got := types["/apis/example.com/v1/engines"]; !strings.HasPrefix(got, "application/json") {
		t.Errorf("custom resources came as %q", got)
	}
}

// TestAPlanJudgesCustomResourcesByTheirSchemas has engines, whose definition says
// where their pods are.
func TestAPlanJudgesCustomResourcesByTheirSchemas(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fill(t)
	stdout, stderr, code := run(t, gabion, plane.Kubeconfig(), "plan", "shop", "-o", "json")
	if code != 3 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, `"kind": "Engine"`) || !strings.Contains(stdout, `"name": "diesel"`) {
		t.Errorf("the plan says nothing of the engine that is in the host's network:\n%s", stdout)
	}
}
