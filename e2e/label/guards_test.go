package label_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const keeperRights = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: keeper}
rules:
- {apiGroups: ["", apps, batch, apiextensions.k8s.io], resources: ["*"], verbs: [get, list]}
- {apiGroups: [""], resources: [namespaces], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: keeper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: keeper}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: keeper}]
`

func TestWhatGuardsRefuseNeedsTheRightToWeaken(t *testing.T) {
	t.Parallel()
	const ns = "guarded"
	const enforce = "pod-security.kubernetes.io/enforce"
	makeNamespace(t, ns, "enforce=baseline")
	kubectl(t, keeperRights, "apply", "-f", "-")
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "guard.yaml"), []byte(`apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: floor}
spec: {action: deny, namespaces: {names: [guarded]}, floor: {enforce: baseline}}
`), 0o600))
	args := []string{ns, "--enforce=privileged", "--force", "--force-conflicts", "--yes", "--policy-dir=" + dir}
	o := newOperator(t)
	o.as("keeper").label(args...).exits(1).says("guards refuse it: enforce goes from baseline:latest to privileged:latest",
		`It needs the verb "weaken" on podsecuritylevels.gabion.io "guarded", by a ClusterRoleBinding`)
	if got := policyOf(t, ns)[enforce]; got != "baseline" {
		t.Errorf("enforced is %q", got)
	}
	o.as("keeper").label(ns, "--enforce=restricted", "--force-conflicts", "--yes", "--policy-dir="+dir).exits(0)
	done := newOperator(t).label(args...).exits(0).says("weakens what is guarded: enforce goes from restricted:latest to privileged:latest")
	if got := policyOf(t, ns)[enforce]; got != "privileged" || strings.Contains(done.stdout, "refused") {
		t.Errorf("enforced is %q", got)
	}
}
