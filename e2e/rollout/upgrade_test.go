package rollout_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/internal/report"
)

// upgraded are Deployments, each of which comes into every namespace of labels.
const upgraded = `
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: fine}
  spec: &one
    selector: {matchLabels: {app: a}}
    replicas: 0
    template: &template
      metadata: {labels: {app: a}}
      spec: &spec
        securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
        containers: &containers [{name: c, image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: root}
  spec:
    <<: *one
    template:
      <<: *template
      spec: {<<: *spec, hostUsers: false, securityContext: {runAsUser: 0, seccompProfile: {type: RuntimeDefault}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: unmasked}
  spec:
    <<: *one
    template:
      <<: *template
      spec:
        hostUsers: false
        containers: [{name: c, image: x, securityContext: {procMount: Unmasked}}]
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: tuned}
  spec:
    <<: *one
    template:
      <<: *template
      spec:
        securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, sysctls: [{name: net.ipv4.tcp_notsent_lowat, value: "1"}]}
        containers: *containers
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: probing}
  spec:
    <<: *one
    template:
      <<: *template
      spec: {containers: [{name: c, image: x, livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}}]}
`

// TestAnUpgradeDoesWhatWasForetold upgrades an API server that emulates an older
// minor, and asks it for every pod before and after.
func TestAnUpgradeDoesWhatWasForetold(t *testing.T) {
	t.Parallel()
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := cluster.ForTest(t, cluster.Options{EmulatedVersion: "1.34"})
	namespaces := map[string]string{
		"baseline": "enforce=baseline", "restricted": "enforce=restricted", "none": "enforce=privileged",
		"pinned": "enforce=restricted enforce-version=v1.34", "ahead": "enforce=restricted enforce-version=v1.36",
	}
	for name, labels := range namespaces {
		labels = "pod-security.kubernetes.io/" + strings.ReplaceAll(labels, " ", " pod-security.kubernetes.io/")
		kubectlOf(t, c, "", "create", "namespace", name)
		kubectlOf(t, c, "", append([]string{"label", "namespace", name}, strings.Fields(labels)...)...)
		kubectlOf(t, c, upgraded, "apply", "-n", name, "-f", "-")
	}

	stdout, stderr, code := run(t, gabion, c.Kubeconfig(), "upgrade", "-o", "json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var foretold report.Upgrade
	if err := json.Unmarshal([]byte(stdout), &foretold); err != nil {
		t.Fatal(err)
	}
	if foretold.From != (report.UpgradeServer{Release: "v1.37", Latest: "v1.34"}) {
		t.Errorf("the upgrade begins at %+v", foretold.From)
	}
	before := admitted(t, c, slices.Sorted(maps.Keys(namespaces)))
	if err := c.Reconfigure(t.Context(), func(o *cluster.Options) { o.EmulatedVersion = "" }); err != nil {
		t.Fatal(err)
	}
	after := admitted(t, c, slices.Sorted(maps.Keys(namespaces)))

	want := map[string]string{}
	for pod, admitted := range after {
		switch {
		case admitted && !before[pod]:
			want[pod] = "allowed"
		case !admitted && before[pod]:
			want[pod] = "denied"
		}
	}
	got := map[string]string{}
	for verdict, flips := range map[string][]report.UpgradeFlip{"allowed": foretold.NewlyAllowed, "denied": foretold.NewlyDenied} {
		for _, f := range flips {
			if slices.Contains(f.Modes, "enforce") {
				got[f.Namespace+"/"+f.Object.Name] = verdict
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 4 {
		t.Errorf("%d verdicts changed (-), foretold were (+):\n%s", len(want), diff)
	}
}

// admitted asks the API server for the pods of all Deployments.
func admitted(t *testing.T, c *cluster.Cluster, namespaces []string) map[string]bool {
	t.Helper()
	answers := map[string]bool{}
	for _, ns := range namespaces {
		list, err := c.Client().AppsV1().Deployments(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			d := &list.Items[i]
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: d.Name}, Spec: d.Spec.Template.Spec}
			_, err := c.Client().CoreV1().Pods(ns).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil && !strings.Contains(err.Error(), "violates PodSecurity") {
				t.Fatalf("asking for the pod of %s in %s: %v", d.Name, ns, err)
			}
			answers[ns+"/"+d.Name] = err == nil
		}
	}
	return answers
}
