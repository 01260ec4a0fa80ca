package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
)

// liveCluster returns the address of an API server of v1.33.4 with the namespaces
// shop and kube-system, and nothing in them.
func liveCluster(t *testing.T) string {
	t.Helper()
	kinds := map[string]string{
		"pods": "v1 Pod", "podtemplates": "v1 PodTemplate", "replicationcontrollers": "v1 ReplicationController", "serviceaccounts": "v1 ServiceAccount",
		"deployments": "apps/v1 Deployment", "replicasets": "apps/v1 ReplicaSet", "statefulsets": "apps/v1 StatefulSet",
		"daemonsets": "apps/v1 DaemonSet", "jobs": "batch/v1 Job", "cronjobs": "batch/v1 CronJob",
	}
	const shop = `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"shop","uid":"s"}}`
	const system = `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u"}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := ""
		switch r.URL.Path {
		case "/version":
			answer = `{"major":"1","minor":"33","gitVersion":"v1.33.4"}`
		case "/apis":
			answer = `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`
		case "/api/v1/namespaces":
			answer = `{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[` + shop + `,` + system + `]}`
		case "/api/v1/namespaces/shop":
			answer = shop
		case "/api/v1/namespaces/kube-system":
			answer = system
		default:
			version, kind, ok := strings.Cut(kinds[path.Base(r.URL.Path)], " ")
			if !ok {
				http.NotFound(w, r)
				return
			}
			answer = fmt.Sprintf(`{"kind":"%sList","apiVersion":%q,"metadata":{"resourceVersion":"1"},"items":[]}`, kind, version)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAPreviewSaysWhoJudgedAndWhereItIsFrom(t *testing.T) {
	t.Parallel()
	address := liveCluster(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "judged by gabion, as Kubernetes v1.33 would, from what is in " + address + "; nothing was changed there, and --server asks the API server itself\n"},
		{[]string{"--server"}, "judged by the API server of " + address + ", v1.33.4, by dry runs; nothing was changed\n"},
		{[]string{"--server", "--templates"}, "judged by the API server of " + address + ", v1.33.4, by dry runs, " +
			"and the pods of templates, as they came out of it, by gabion; nothing was changed\n"},
	} {
		s, out, stderr := system(append([]string{"preview", "shop", "--enforce=baseline", "--allow-unchecked", "--api-server=" + address}, tt.args...)...)
		if code := Main(s); code != 0 || !strings.HasPrefix(stderr.String(), tt.want) {
			t.Errorf("%q: exit code %d: %s%swant %s", tt.args, code, out, stderr, tt.want)
		}
	}
}
