package conformance_test

import (
	"os"
	"testing"

	psatest "k8s.io/pod-security-admission/test"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// plane is a control plane with the built-in PodSecurity plugin.
var plane *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m, &plane, cluster.Options{})) //nolint:forbidigo // a TestMain is a main
}

// TestTheBuiltInPluginConforms shows that control plane and suite are sound:
// what fails through Gabion then is Gabion's fault.
func TestTheBuiltInPluginConforms(t *testing.T) {
	psatest.Run(t, psatest.Options{ClientConfig: plane.Config()})
}
