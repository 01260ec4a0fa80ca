package label_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meshed is a Deployment whose pods need an exception, and excepted that exception
// for a namespace.
const (
	meshed = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
"spec":{"initContainers":[{"name":"istio-init","image":"istio/proxyv2:1.24","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}],"containers":[{"name":"web","image":"nginx"}]}}}}`
	excepted = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: mesh}
spec:
  reason: the mesh has no CNI plugin yet
  namespaces: {names: [NAMESPACE]}
  pods: {selector: {matchLabels: {app: web}}}
  containers: {names: [istio-init], images: [docker.io/istio/proxyv2]}
  controls: [{id: capabilities_baseline, values: [NET_ADMIN]}]
`
)

func TestWhatIsExceptedIsNoReasonToRefuse(t *testing.T) {
	t.Parallel()
	ns := "excepted"
	makeNamespace(t, ns)
	kubectl(t, meshed, "create", "-n", ns, "-f", "-")
	o := newOperator(t)
	exception := func(namespace string) string {
		path := filepath.Join(o.dir, namespace+".yaml")
		must(t, os.WriteFile(path, []byte(strings.ReplaceAll(excepted, "NAMESPACE", namespace)), 0o600))
		return "--exceptions=" + path
	}
	o.label(ns, "--enforce=baseline", "--yes").exits(1).says("capabilities_baseline")
	o.label(ns, "--enforce=baseline", "--yes", exception("other")).exits(1).says("capabilities_baseline")
	o.label(ns, "--enforce=restricted", "--yes", exception(ns)).exits(1).says("capabilities_restricted")
	o.label(ns, "--enforce=baseline", "--yes", "--exceptions="+filepath.Join(o.dir, "nowhere.yaml")).exits(3).says("--exceptions: ")
	o.label(ns, "--enforce=baseline", "--yes", exception(ns)).exits(0).says("namespace/"+ns+" labeled")
	if got := policyOf(t, ns)["pod-security.kubernetes.io/enforce"]; got != "baseline" {
		t.Errorf("enforced is %q", got)
	}
}
