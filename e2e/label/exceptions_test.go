package label_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/cluster"
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

// exception writes an exception for a namespace, and returns the flag that names it.
func (o *operator) exception(namespace string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, namespace+".yaml")
	must(o.t, os.WriteFile(path, []byte(strings.ReplaceAll(excepted, "NAMESPACE", namespace)), 0o600))
	return "--exceptions=" + path
}

func TestExceptionsDoNotCountForLabelsWhileThePluginIsOn(t *testing.T) {
	t.Parallel()
	ns := "excepted"
	makeNamespace(t, ns)
	kubectl(t, meshed, "create", "-n", ns, "-f", "-")
	o := newOperator(t)
	const note = "the API server's own PodSecurity plugin is on, and knows no exceptions"
	o.label(ns, "--enforce=baseline", "--yes", o.exception(ns)).exits(1).says("capabilities_baseline", note)
	for _, command := range [][]string{
		{"plan", ns}, {"preview", ns, "--enforce=baseline", "--templates"},
	} {
		o.run(append(command, o.exception(ns))...).exits(0).says(note)
	}
	if got := policyOf(t, ns)["pod-security.kubernetes.io/enforce"]; got != "" {
		t.Errorf("enforced is %q", got)
	}
	lint := []string{"exceptions", "lint", "--live", o.exception(ns)}
	if found := o.run(lint...).exits(0); strings.Contains(found.stdout, "still-forbidden") {
		t.Errorf("nothing is enforced:\n%s", found.stdout)
	}
	kubectl(t, "", "label", "namespace", ns, "pod-security.kubernetes.io/enforce=baseline")
	o.run(lint...).exits(0).says("still-forbidden", "by the labels of excepted it forbids what this covers", "floor.enforce: baseline")
}

func TestWhatIsExceptedIsNoReasonToRefuseWhereThePluginIsOff(t *testing.T) {
	t.Parallel()
	plane := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	ns := "excepted"
	for _, args := range [][]string{{"create", "namespace", ns}, {"create", "-n", ns, "-f", "-"}} {
		cmd := plane.Kubectl(t.Context(), args...)
		cmd.Stdin = strings.NewReader(meshed)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
	}
	o := &operator{t: t, dir: t.TempDir(), kubeconfig: plane.Kubeconfig()}
	o.label(ns, "--enforce=baseline", "--yes").exits(1).says("capabilities_baseline")
	o.label(ns, "--enforce=baseline", "--yes", o.exception("other")).exits(1).says("capabilities_baseline")
	o.label(ns, "--enforce=restricted", "--yes", o.exception(ns)).exits(1).says("capabilities_restricted")
	o.label(ns, "--enforce=baseline", "--yes", "--exceptions="+filepath.Join(o.dir, "nowhere.yaml")).exits(3).says("--exceptions: ")
	o.run("plan", ns, o.exception(ns)).exits(0).says("BY EXCEPTION", "mesh covers capabilities_baseline", "enforce baseline")
	o.run("preview", ns, "--enforce=baseline", "--templates", o.exception(ns)).exits(0).says("Exception: mesh covers capabilities_baseline")
	o.label(ns, "--enforce=baseline", "--yes", o.exception(ns)).exits(0).says("namespace/" + ns + " labeled")
	out, err := plane.Kubectl(t.Context(), "get", "namespace", ns, "-o", "yaml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "pod-security.kubernetes.io/enforce: baseline") {
		t.Errorf("%v\n%s", err, out)
	}
	if found := o.run("exceptions", "lint", "--live", o.exception(ns)).exits(0); strings.Contains(found.stdout, "still-forbidden") {
		t.Errorf("there is no plugin that forbids it:\n%s", found.stdout)
	}
}
