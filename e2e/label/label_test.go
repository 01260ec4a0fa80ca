package label_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// finalize removes a namespace that is being deleted: no controller does.
func finalize(t *testing.T, name string) {
	t.Helper()
	n := get(t, name)
	n.Spec.Finalizers = nil
	if _, err := plane.Client().CoreV1().Namespaces().Finalize(t.Context(), n, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

const workloads = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle}
spec:
  replicas: 0
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {hostNetwork: true, containers: [{name: c, image: i}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 0 * * *"
  suspend: true
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, hostPID: true, containers: [{name: c, image: i}]}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {hostIPC: true, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: fine}
spec: {containers: [{name: c, image: i}]}
`

func TestAWorkloadThatWouldBeRejectedIsInTheWay(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "busy")
	makeNamespace(t, "free")
	kubectl(t, workloads, "apply", "-n", "busy", "-f", "-")
	must(t, plane.Settle(t.Context()))
	before := stateOf(t, "busy")
	o := newOperator(t)
	refused := []string{
		"namespace/busy refused: baseline:latest would reject 3 workloads; --force labels it all the same",
		"x cronjob.batch/nightly (no such pod exists now): host namespaces",
		"x deployment.apps/idle (no such pod exists now): host namespaces",
		"x pod/alone: host namespaces",
		"fix hostNamespaces: ",
	}
	o.label("busy", "free", "--enforce=baseline:latest", "--dry-run=server").exits(1).says(refused...).says("namespace/free labeled (server dry run)")
	o.label("busy", "free", "--enforce=baseline:latest", "--yes").exits(1).says(refused...).says("namespace/free labeled", "1 labeled, 1 refused")
	if diff := cmp.Diff(before, stateOf(t, "busy")); diff != "" {
		t.Errorf("it was refused, and changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(policy("enforce=baseline", "enforce-version=latest"), policyOf(t, "free")); diff != "" {
		t.Errorf("the other (-want +got):\n%s", diff)
	}
	// Warnings and privileged reject nobody.
	o.label("busy", "--enforce=privileged", "--warn=restricted", "--yes", "--undo-file=second.undo").exits(0)
	got := newOperator(t).label("busy", "--enforce=baseline:latest", "--yes", "--force").exits(0).says(refused[1:]...)
	got.says(`Warning: existing pods in namespace "busy" violate the new PodSecurity enforce level "baseline:latest"`, "Warning: alone: host namespaces")
	want := policy("enforce=baseline", "enforce-version=latest", "warn=restricted")
	if diff := cmp.Diff(want, policyOf(t, "busy")); diff != "" {
		t.Errorf("by force, with what Gabion had labelled before (-want +got):\n%s", diff)
	}
}

func TestExemptionsAndDefaultsOfTheAPIServerCount(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "exempt")
	kubectl(t, workloads, "apply", "-n", "exempt", "-f", "-")
	o := newOperator(t)
	const configuration = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"
	config := filepath.Join(o.dir, "admission.yaml")
	must(t, os.WriteFile(config, []byte(configuration+"exemptions: {namespaces: [exempt]}\n"), 0o600))
	o.label("exempt", "--enforce=baseline", "--dry-run=client", "--admission-config="+config).exits(0)
	must(t, os.WriteFile(config, []byte(configuration+"defaults: {enforce: baseline}\n"), 0o600))
	// It enforces baseline already, so that nothing is rejected anew.
	o.label("exempt", "--enforce=baseline", "--dry-run=client", "--admission-config="+config).exits(0)
	o.label("exempt", "--enforce=restricted", "--dry-run=client", "--admission-config="+config).exits(1).says("refused")
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "dry", "enforce=privileged")
	before := get(t, "dry").ResourceVersion
	o := newOperator(t)
	for _, args := range [][]string{{"--dry-run=server"}, {"--dry-run=client"}, {"--dry-run=server", "--yes"}} {
		o.label(append(args, "dry", "--warn=restricted", "--enforce=baseline", "--force-conflicts")...).exits(0).says(
			"  - pod-security.kubernetes.io/enforce=privileged (owned by maker)\n  + pod-security.kubernetes.io/enforce=baseline\n",
			"  + pod-security.kubernetes.io/warn=restricted\n", "namespace/dry labeled (", "dry run)")
	}
	if after := get(t, "dry").ResourceVersion; after != before {
		t.Errorf("the namespace went from version %s to %s", before, after)
	}
	if files := o.undoFiles(); len(files) > 0 {
		t.Errorf("there are undo data %q of nothing", files)
	}
	o.label("dry", "--warn=restricted", "--yes").exits(0)
	after := get(t, "dry").ResourceVersion
	o.label("--undo", o.undoFile(), "--dry-run=server").exits(0).says("  - pod-security.kubernetes.io/warn=restricted")
	if now := get(t, "dry").ResourceVersion; now != after {
		t.Errorf("a dry run of undoing changed version %s to %s", after, now)
	}
}

func TestLabelsOfOthersAreTheirs(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "managed")
	must(t, applyAs(t, "gitops", "managed", nil, "enforce=privileged"))
	before := stateOf(t, "managed")
	newOperator(t).label("managed", "--enforce=baseline", "--warn=baseline", "--yes").exits(1).says(
		"namespace/managed owned: labels belong to others; --force-conflicts takes them over",
		"- pod-security.kubernetes.io/enforce=privileged (owned by gitops)", "1 owned by others")
	if diff := cmp.Diff(before, stateOf(t, "managed")); diff != "" {
		t.Errorf("it was left alone, and changed (-want +got):\n%s", diff)
	}
	newOperator(t).label("managed", "--enforce=privileged", "--warn=baseline", "--yes").exits(0) // no contradiction
	newOperator(t).label("managed", "--enforce=baseline", "--yes").exits(1).says("(owned by gabion-label, gitops)")
	newOperator(t).label("managed", "--enforce=baseline", "--yes", "--force-conflicts").exits(0)
	if err := applyAs(t, "gitops", "managed", nil, "enforce=privileged"); err == nil {
		t.Error("gitops applied a label that gabion-label had taken over, without a conflict")
	}
	if diff := cmp.Diff(policy("enforce=baseline", "warn=baseline"), policyOf(t, "managed")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestWhoMayNotLabelIsToldWhatWasDone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mine", "theirs-1", "theirs-2"} {
		makeNamespace(t, name)
	}
	kubectl(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tenant}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list]}
- {apiGroups: [""], resources: [namespaces], resourceNames: [mine], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: tenant}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tenant}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: tenant}]
`, "apply", "-f", "-")
	o := newOperator(t).as("tenant")
	o.label("theirs-1", "mine", "theirs-2", "nowhere", "--enforce=baseline", "--yes").exits(3).says(
		"namespace/mine labeled",
		`namespace/theirs-1 failed: namespaces "theirs-1" is forbidden`, `namespace/theirs-2 failed: namespaces "theirs-2" is forbidden`,
		`namespace/nowhere failed: namespaces "nowhere" not found`, "1 labeled, 3 failed",
	)
	if got := policyOf(t, "theirs-1"); len(got) > 0 {
		t.Errorf("a namespace that is not the tenant's has labels %v", got)
	}
	o.label("--undo", o.undoFile(), "--yes").exits(0).says("1 restored, 2 unchanged\n")
	if got := policyOf(t, "mine"); len(got) > 0 {
		t.Errorf("undone, it has labels %v", got)
	}
}

func TestWhatMayNotBeListedMayBeInTheWay(t *testing.T) {
	t.Parallel()
	makeNamespace(t, "dark")
	kubectl(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: blind}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [get, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: blind}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: blind}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: blind}]
`, "apply", "-f", "-")
	o := newOperator(t).as("blind")
	o.label("dark", "--enforce=baseline", "--yes").exits(1).says("refused: not everything in it could be judged", "could not be listed")
	if got := policyOf(t, "dark"); len(got) > 0 {
		t.Errorf("it has labels %v", got)
	}
	o.label("dark", "--warn=baseline", "--yes").exits(0) // rejects nothing
	o.label("dark", "--enforce=baseline", "--yes", "--force", "--undo-file=forced.undo").exits(0)
}

func TestWhoMayListOnlyInNamespacesMayLabelManyOfThem(t *testing.T) {
	t.Parallel()
	rules := `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lead-reader}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lead-labeler}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [get, patch]}
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lead-labeler}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lead-labeler}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lead}]
`
	args := []string{"--enforce=baseline", "--yes"}
	for i := range 12 {
		name := fmt.Sprintf("team-%02d", i)
		makeNamespace(t, name)
		args = append(args, name)
		rules += fmt.Sprintf(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lead, namespace: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lead-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: lead}]
`, name)
	}
	kubectl(t, rules, "apply", "-f", "-")
	kubectl(t, workloads, "apply", "-n", "team-07", "-f", "-")
	newOperator(t).as("lead").label(args...).exits(1).says(
		"namespace/team-07 refused: baseline:latest would reject 3 workloads;", "11 labeled, 1 refused")
}

func TestWhichNamespacesAreMeant(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"meant-1", "meant-2", "meant-3", "meant-4"} {
		makeNamespace(t, name)
	}
	kubectl(t, "", "label", "ns", "meant-1", "meant-2", "meant-3", "set=meant")
	kubectl(t, "", "label", "ns", "meant-2", "gabion.io/manage=false")
	o := newOperator(t)
	o.label("-l", "set=meant", "--skip=meant-3", "--warn=baseline", "--yes").exits(0).says(
		"namespace/meant-1 labeled", `namespace/meant-2 skipped: its label gabion.io/manage is "false"`,
		"namespace/meant-3 skipped: as --skip says", "1 labeled, 2 skipped")
	for name, want := range map[string]map[string]string{
		"meant-1": policy("warn=baseline"), "meant-2": policy(), "meant-3": policy(), "meant-4": policy(),
	} {
		if diff := cmp.Diff(want, policyOf(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	o.label("meant-2", "--warn=baseline", "--yes").exits(1).says("skipped") // it was asked for
	// The namespaces of other tests are among them, and so its exit code says nothing.
	o.label("--all", "--warn=baseline", "--dry-run=client").says(
		"namespace/kube-system skipped: it is one of the system's; name it to label it", "namespace/meant-4 labeled (dry run)")
	o.label("kube-system", "--warn=privileged", "--dry-run=client").exits(0).says("namespace/kube-system labeled (dry run)")
}

func TestAPlanSaysWhatToLabel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"planned-1", "planned-2", "planned-3"} {
		makeNamespace(t, name)
	}
	row := func(name string, labels map[string]string) map[string]any {
		return map[string]any{
			"name": name, "stage": "label", "labels": labels, "change": true, "currentLabels": map[string]string{},
			"current": map[string]string{"enforce": "privileged:latest", "audit": "privileged:latest", "warn": "privileged:latest"},
		}
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "gabion.io/v1alpha1", "kind": "Plan", "more": "than is read", "defaults": map[string]any{"assumed": true},
		"namespaces": []any{row("planned-1", allSix()), row("planned-2", map[string]string{}), row("planned-3", allSix()), row("kube-public", allSix())},
	})
	must(t, err)
	o := newOperator(t)
	plan := filepath.Join(o.dir, "plan.json")
	must(t, os.WriteFile(plan, text, 0o600))
	o.label("--plan", plan, "planned-1", "--yes").exits(0).says("namespace/planned-1 labeled", "1 labeled\n")
	o.label("--plan", plan, "--dry-run=server", "-o", "json").exits(0).says(
		`"namespace": "kube-public",`, `"outcome": "unchanged"`, `"outcome": "labeled"`, `"dryRun": "server"`)
	kubectl(t, "", "label", "ns", "planned-3", "pod-security.kubernetes.io/warn=baseline")
	o.label("--plan", plan, "planned-3", "--yes", "--force", "--force-conflicts", "--undo-file=second.undo").exits(1).says(
		"namespace/planned-3 refused: its labels have changed since the plan was made (warn); make a new one with 'gabion plan'\n")
	for name, want := range map[string]map[string]string{"planned-1": allSix(), "planned-2": policy(), "planned-3": policy("warn=baseline")} {
		if diff := cmp.Diff(want, policyOf(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	o.label("--plan", plan, "planned-2", "--yes").exits(2).says(`there is nothing to do for namespace "planned-2"`)
}
