package whocan_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// saysTheSame holds what is said of a snapshot against what is said live.
func saysTheSame(t *testing.T, plane *cluster.Cluster, gabion string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cluster.json.gz")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), gabion, args...)
		cmd.Env = append(cmd.Environ(), "KUBECONFIG="+plane.Kubeconfig())
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("gabion %q: %v", args, err)
		}
		return string(out)
	}
	run("snapshot", "-o", file)
	part := filepath.Join(t.TempDir(), "part.json.gz")
	run("snapshot", "-o", part, "-n", "base")
	if _, exit, stderr := ask(t, plane, gabion, "", "weaken", "--from", part); exit != 3 {
		t.Errorf("a snapshot of one namespace: exit code %d, want 3: %s", exit, stderr)
	}
	for _, can := range []string{"weaken", "bypass"} {
		for _, args := range [][]string{{"-o", "json", "--system"}, {"-o", "wide"}, {"-n", "base", "-o", "yaml"}} {
			args = append([]string{"who-can", can}, args...)
			live := run(args...)
			if diff := cmp.Diff(live, run(append(args, "--from", file)...)); diff != "" {
				t.Errorf("%q (-live +snapshot):\n%s", args, diff)
			}
			if again := run(args...); again != live {
				t.Errorf("%q says something else the second time", args)
			}
		}
	}
}

// hidesNothing shows who may list only some of RBAC that this is not all.
func hidesNothing(t *testing.T, plane *cluster.Cluster, gabion string) {
	t.Helper()
	apply := plane.Kubectl(t.Context(), "apply", "-f", "-")
	apply.Stdin = strings.NewReader(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: limited}
rules: [{apiGroups: ["", rbac.authorization.k8s.io], resources: [namespaces, clusterrolebindings, roles, rolebindings, serviceaccounts], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: limited}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: limited}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: limited}]
`)
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kubeconfig, err := plane.KubeconfigOf("limited")
	if err != nil {
		t.Fatal(err)
	}
	all, exit, _ := ask(t, plane, gabion, kubeconfig, "weaken", "--exit-code")
	if exit != 3 {
		t.Errorf("exit code %d, want 3", exit)
	}
	if !all.covers(subject{"User", "", "status"}, request{"patch", "", "namespaces/status", "base", "base"}) {
		t.Error("what can be seen is not said")
	}
	cmd := exec.CommandContext(t.Context(), gabion, "who-can", "weaken", "none", "--kubeconfig", kubeconfig)
	out, _ := cmd.CombinedOutput() // its exit code is known
	for _, want := range []string{
		"User root by ClusterRoleBinding bound-22: ClusterRole cluster-admin could not be seen",
		"clusterroles.rbac.authorization.k8s.io could not be listed, so that others may be able too: ",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "Nobody can") {
		t.Errorf("the report says that nobody can:\n%s", out)
	}
}
