package preview_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
)

func TestThePreviewOfTheExampleClustersIsWhatKubectlPrintsOfThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		example string
		// partial says that the manifests lack namespaces that every cluster has.
		partial bool
		want    string
	}{
		{"docker-desktop", false, "etcd-docker-desktop (and 3 other pods): host namespaces, hostPath volumes\n"},
		{"current-cluster", true, "etcd-docker-desktop (and 3 other pods): host namespaces, hostPath volumes, hostPort, probe or lifecycle host\n"},
	} {
		t.Run(tt.example, func(t *testing.T) {
			t.Parallel()
			root, err := binaries.Root(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			manifests := []string{filepath.Join(root, "examples", tt.example)}
			c := newComparison(t, cluster.ForTest(t, cluster.Options{}))
			if out, err := c.plane.Kubectl(t.Context(), "apply", "-R", "-f", manifests[0]).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if err := c.plane.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			exported := filepath.Join(t.TempDir(), "cluster.yaml")
			c.export(t, exported, "namespaces,pods")
			if tt.partial {
				namespaces := filepath.Join(t.TempDir(), "namespaces.yaml")
				c.export(t, namespaces, "namespaces")
				manifests = append(manifests, namespaces)
			}
			for _, policy := range policies {
				said := c.compare(t, policy, []string{exported}, manifests)
				if policy == "baseline" && !strings.Contains(said, tt.want) {
					t.Errorf("kubectl does not say %q, but:\n%s", tt.want, said)
				}
			}
		})
	}
}
