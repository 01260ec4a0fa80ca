package psp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readEverySource has a cluster, a snapshot and a backup of it say the same.
func readEverySource(t *testing.T) {
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
	for _, command := range []string{"map", "convert", "simplify", "mutating"} {
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
