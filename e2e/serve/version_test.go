package serve_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// TestLatestIsTheVersionOfTheAPIServer upgrades an API server that emulates an
// older minor, while Gabion runs.
func TestLatestIsTheVersionOfTheAPIServer(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true, EmulatedVersion: "1.34"})
	makeNamespace(t, c, "shop", "baseline")
	serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	enforced(t, c, "shop")

	// Since 1.35, baseline allows this in a user namespace.
	pod := hostPod("p")
	pod.Spec.HostPID = false
	pod.Spec.HostUsers = new(false)
	pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{ProcMount: new(corev1.UnmaskedProcMount)}
	try := func() string {
		_, err := c.Client().CoreV1().Pods("shop").Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return err.Error()
		}
		return ""
	}
	if got := try(); !strings.Contains(got, `violates PodSecurity "baseline:latest": procMount`) {
		t.Fatalf("an API server that is 1.34: %q, want that it is refused", got)
	}
	if err := c.Reconfigure(t.Context(), func(o *cluster.Options) { o.EmulatedVersion = "" }); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the upgrade", try)
}
