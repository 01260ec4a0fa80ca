package serve_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// TestAPIServersFindItByItsService runs what an installation runs, with its rights.
// There is no network of pods, so the Service names this machine.
func TestAPIServersFindItByItsService(t *testing.T) {
	t.Parallel()
	c, kubeconfig := installation(t)
	services := c.Client().CoreV1().Services("gabion-system")
	if err := services.Delete(t.Context(), "gabion", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := services.Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "gabion"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	free, err := cluster.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free[0])
	if err != nil {
		t.Fatal(err)
	}
	s := serve.Start(t, c, gabion, "gabion", kubeconfig,
		"--listen="+free[0], "--register", "--register-service=gabion-system/gabion:"+port) // the last --listen counts
	enforced(t, c, "shop")
	if got := webhooks(t, c); !strings.Contains(got, fmt.Sprintf(`"service":{"namespace":"gabion-system","name":"gabion","path":"/validate","port":%s}`, port)) {
		t.Errorf("the registration is %s", got)
	}
	time.Sleep(time.Second) // a difference that the API server's defaults make would be repaired by now
	if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_registration_repairs_total 0\n") {
		t.Errorf("it has repaired what it has written itself (%v)", err)
	}
	// A pod that the level of its own namespace would refuse: nobody is asked.
	if err := tryPod(t, c, "gabion-system"); err != nil && strings.Contains(err.Error(), "webhook") {
		t.Errorf("its own namespace: %v", err)
	}
}
