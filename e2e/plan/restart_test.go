package plan_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// TestTheAPIServerStartsWithTheConfigurationOfAPlan is the last test: it leaves
// another API server behind.
func TestTheAPIServerStartsWithTheConfigurationOfAPlan(t *testing.T) {
	client, gabion := fastClient(t), newProgram(t)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "proxy"}, Spec: spec("privileged", 0)}
	if _, err := client.CoreV1().Pods("kube-system").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	label := func(labels map[string]string) {
		t.Helper()
		all, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range all.Items {
			n := &all.Items[i]
			if n.Name == "kube-system" || n.Labels["pod-security.kubernetes.io/enforce"] != "" {
				continue
			}
			if _, err := patch(t.Context(), client, n.Name, labels, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	label(map[string]string{"pod-security.kubernetes.io/enforce": "privileged"})
	text := gabion.run(t, "--target=baseline", "-o", "admissionconfiguration")
	if err := plane.Reconfigure(t.Context(), func(o *cluster.Options) { o.AdmissionConfiguration = text }); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	fresh := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fresh"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), fresh, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := plane.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		namespace, level string
		want             bool
	}{
		{"fresh", "privileged", true}, {"fresh", "baseline", false}, {"kube-system", "privileged", false},
	} {
		got, err := refused(t.Context(), client, tt.namespace, spec(tt.level, 0))
		if err != nil || got != tt.want {
			t.Errorf("a %s pod in %s is refused: %t, want %t (%v)", tt.level, tt.namespace, got, tt.want, err)
		}
	}
}
