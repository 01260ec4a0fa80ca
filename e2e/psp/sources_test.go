package psp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readEverySource has a cluster, a snapshot and a backup of it say the same.
func readEverySource(t *testing.T) {
	chosen := makeAsJoan(t)
	dir := t.TempDir()
	snapshot, backup := filepath.Join(dir, "snapshot.json.gz"), filepath.Join(dir, "backup.yaml")
	live := "--kubeconfig=" + plane.Kubeconfig()
	if made := runGabion(t, "snapshot", "-o", snapshot, live); made.code != 0 {
		t.Fatalf("gabion snapshot: exit code %d: %s", made.code, made.stderr)
	}
	const kinds = "psp,clusterroles,clusterrolebindings,roles,rolebindings,sa,ns,pods,rs,deploy,ds,sts,cronjobs,jobs"
	if err := os.WriteFile(backup, []byte(kubectl(t, "", "get", kinds, "-A", "-o", "yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"map", "convert", "simplify", "mutating", "migrate"} {
		said := map[string]any{}
		for name, source := range map[string]string{"cluster": live, "snapshot": "--from=" + snapshot, "backup": backup} {
			out := runGabion(t, "psp", command, "-o", "json", source)
			if out.code != 0 {
				t.Fatalf("gabion psp %s of the %s: exit code %d: %s", command, name, out.code, out.stderr)
			}
			var document map[string]any
			if err := json.Unmarshal([]byte(out.stdout), &document); err != nil {
				t.Fatal(err)
			}
			if policies, ok := document["policies"].([]any); !ok || len(policies) < 3 {
				t.Errorf("gabion psp %s of the %s knows of %d policies", command, name, len(policies))
			}
			if command == "migrate" {
				delete(document, "server") // which manifests do not know
				if of := policiesOf(document, "made"); !slices.Contains(of, any(chosen)) {
					t.Errorf("gabion psp migrate of the %s has policies %v in the namespace, and a pod was admitted by %s", name, of, chosen)
				}
			}
			said[name] = withoutPlaces(document)
		}
		if diff := cmp.Diff(said["backup"], said["cluster"]); diff != "" {
			t.Errorf("gabion psp %s, backup (-), cluster (+):\n%s", command, diff)
		}
		if diff := cmp.Diff(said["cluster"], said["snapshot"]); diff != "" {
			t.Errorf("gabion psp %s, cluster (-), snapshot (+):\n%s", command, diff)
		}
	}
}

// makeAsJoan makes a pod by a policy that only who makes it may use, and returns
// the policy that the pod says.
func makeAsJoan(t *testing.T) string {
	t.Helper()
	kubectl(t, "", "create", "namespace", "made")
	kubectl(t, "", "-n", "made", "create", "serviceaccount", "default")
	kubectl(t, "", "-n", "made", "create", "role", "everything", "--verb=use", "--resource=podsecuritypolicies.policy", "--resource-name=everything")
	kubectl(t, "", "-n", "made", "create", "rolebinding", "everything", "--role=everything", "--user=joan")
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: made}\nspec: {hostNetwork: true, containers: [{name: c, image: i}]}\n"
	eventually(t, "a pod of joan's", func() (bool, any) {
		cmd := plane.Kubectl(t.Context(), "--as=joan", "create", "-f", "-")
		cmd.Stdin = strings.NewReader(pod)
		out, err := cmd.CombinedOutput()
		return err == nil, string(out)
	})
	chosen := kubectl(t, "", "-n", "made", "get", "pod", "p", "-o", `jsonpath={.metadata.annotations.kubernetes\.io/psp}`)
	if chosen != "everything" {
		t.Fatalf("the pod was admitted by %q", chosen)
	}
	return chosen
}

// policiesOf are the policies of a namespace in a migration.
func policiesOf(document map[string]any, namespace string) []any {
	all, _ := document["namespaces"].([]any)
	for _, n := range all {
		if n, ok := n.(map[string]any); ok && n["name"] == namespace {
			of, _ := n["policies"].([]any)
			return of
		}
	}
	return nil
}

// withoutPlaces removes from a document where things stand, which is different in
// every source, and what only backups have of roles.
func withoutPlaces(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "source")
		for key := range v {
			v[key] = withoutPlaces(v[key])
		}
	case []any:
		for i := range v {
			v[i] = withoutPlaces(v[i])
		}
	}
	return v
}
