package faults_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// plane is a control plane at which nobody registers. Tests that do have their
// own.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true})) //nolint:forbidigo // a TestMain is a main
}

// registered starts a control plane whose API server asks a `gabion serve`.
func registered(t *testing.T) (*cluster.Cluster, *serve.Server, string) {
	t.Helper()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	namespace(t, c, "shop", "baseline")
	dir := t.TempDir()
	s := serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, dir), "--register")...)
	enforced(t, c)
	return c, s, dir
}

// namespace makes a namespace with an enforce label, or none.
func namespace(t *testing.T, c *cluster.Cluster, name, level string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if level != "" {
		ns.Labels = map[string]string{"pod-security.kubernetes.io/enforce": level}
	}
	if _, err := c.Client().CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// relabel changes the enforce label of the namespace shop.
func relabel(t *testing.T, c *cluster.Cluster, level string) {
	t.Helper()
	relabelAs(t, c, "shop", "enforce", level)
}

// relabelAs changes one of the labels of a namespace.
func relabelAs(t *testing.T, c *cluster.Cluster, namespace, mode, level string) {
	t.Helper()
	patch := `{"metadata":{"labels":{"pod-security.kubernetes.io/` + mode + `":"` + level + `"}}}`
	_, err := c.Client().CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// hostPod is a pod that the baseline level forbids.
func hostPod(name string) *corev1.Pod {
	p := plainPod(name)
	p.Spec.HostPID = true
	return p
}

// plainPod is one that it allows, and restricted forbids.
func plainPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
}

// try asks whether a pod may be created in the namespace shop.
func try(ctx context.Context, c *cluster.Cluster, pod *corev1.Pod) error {
	_, err := c.Client().CoreV1().Pods("shop").Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// refusal is how the hostPod p is refused.
const refusal = `admission webhook "enforce.pod-security.gabion.io" denied the request: ` +
	`pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)`

// judged says what is wrong if the hostPod p is not refused by Gabion.
func judged(ctx context.Context, c *cluster.Cluster) string {
	if err := try(ctx, c, hostPod("p")); err == nil || err.Error() != refusal {
		return fmt.Sprintf("got %v, want %s", err, refusal)
	}
	return ""
}

// enforced waits until the API server asks Gabion.
func enforced(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	eventually(t, "enforcement", func() string { return judged(t.Context(), c) })
}

// follows demands that a new label of the namespace shop counts soon.
func follows(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	relabel(t, c, "restricted")
	eventually(t, "a stricter label", func() string {
		if err := try(t.Context(), c, plainPod("p")); err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest"`) {
			return fmt.Sprintf("got %v", err)
		}
		return ""
	})
	relabel(t, c, "baseline")
	eventually(t, "a laxer label", func() string {
		if err := try(t.Context(), c, plainPod("p")); err != nil {
			return err.Error()
		}
		return judged(t.Context(), c)
	})
}

// eventually waits until f returns nothing. It takes as long as a busy machine
// may need; what has to be done in time is measured by itself.
func eventually(t *testing.T, what string, f func() string) {
	t.Helper()
	const within = time.Minute
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		wrong := f()
		if wrong == "" {
			return
		}
		if time.Since(begin) > within {
			t.Fatalf("%s: after %s still %s", what, within, wrong)
		}
	}
}

// metric waits until the metrics of a server have a line.
func metric(t *testing.T, s *serve.Server, line string) {
	t.Helper()
	eventually(t, "metrics", func() string {
		if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, line+"\n") {
			return fmt.Sprintf("no %s (%v)", line, err)
		}
		return ""
	})
}

// kept demands that the registration is there, and never had to be repaired.
func kept(t *testing.T, c *cluster.Cluster, servers ...*serve.Server) {
	t.Helper()
	_, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "gabion", metav1.GetOptions{})
	if err != nil {
		t.Errorf("the registration: %v", err)
	}
	for _, s := range servers {
		text, err := s.Get(t.Context(), "/metrics")
		if err != nil || !strings.Contains(text, "gabion_registration_repairs_total 0\n") {
			t.Errorf("the registration had to be repaired (%v)", err)
		}
	}
}
