package inventory_test

import (
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
)

func TestSystemNamespacesAreKubernetesAndGabionsOwn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"kube-system": true, "kube-public": true, "kube-node-lease": true, "gabion-system": true, "kube-flannel": false, "default": false} {
		if inventory.System(name) != want {
			t.Errorf("%s: want %t", name, want)
		}
	}
}
