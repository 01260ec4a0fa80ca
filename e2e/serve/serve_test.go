package serve_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psatest "k8s.io/pod-security-admission/test"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// plane is a control plane without the built-in PodSecurity plugin. Tests that
// change the registration have their own.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true})) //nolint:forbidigo // a TestMain is a main
}

// command returns a gabion that is to run to its end.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), gabion, args...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	return cmd
}

// makeNamespace makes a namespace with an enforce label, or none.
func makeNamespace(t *testing.T, c *cluster.Cluster, name, level string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if level != "" {
		ns.Labels = map[string]string{"pod-security.kubernetes.io/enforce": level}
	}
	if _, err := c.Client().CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// tryPod asks whether a pod in the host's PID namespace may be created.
func tryPod(t *testing.T, c *cluster.Cluster, namespace string) error {
	t.Helper()
	_, err := c.Client().CoreV1().Pods(namespace).Create(t.Context(), hostPod("p"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func hostPod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
}

// refusal is how a hostPod is refused.
const refusal = `admission webhook "enforce.pod-security.gabion.io" denied the request: ` +
	`pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)`

// eventually waits until f returns nothing.
func eventually(t *testing.T, within time.Duration, what string, f func() string) {
	t.Helper()
	begin := time.Now()
	for {
		wrong := f()
		if wrong == "" {
			return
		}
		if time.Since(begin) > within {
			t.Fatalf("%s: after %s still %s", what, within, wrong)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// enforced waits until the registration that was written a moment ago is known
// to the API server: it learns of it by a watch.
func enforced(t *testing.T, c *cluster.Cluster, namespace string) {
	t.Helper()
	eventually(t, 10*time.Second, "enforcement", func() string {
		if err := tryPod(t, c, namespace); err == nil || err.Error() != refusal {
			return fmt.Sprintf("got %v, want %s", err, refusal)
		}
		return ""
	})
}

func TestGabionTakesThePluginsPlace(t *testing.T) {
	s := serve.Start(t, plane, gabion, "conformance", plane.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	makeNamespace(t, plane, "first", "baseline")
	enforced(t, plane, "first")
	t.Run("conformance", func(t *testing.T) {
		psatest.Run(t, psatest.Options{ClientConfig: plane.Config()})
	})
	t.Run("invalid labels of a namespace are a 422", func(t *testing.T) {
		_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "odd", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "invalid"},
		}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if !apierrors.IsInvalid(err) {
			t.Fatalf("got %v, want that it is invalid", err)
		}
		const want = `admission webhook "namespaces.pod-security.gabion.io" denied the request: Namespace "odd" is invalid: ` +
			`metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "invalid": ` +
			`must be one of privileged, baseline, restricted`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
	metrics, err := s.Get(t.Context(), "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`pod_security_evaluations_total{decision="deny",mode="enforce",policy_level="restricted",policy_version="v1.37",`,
		`gabion_registration_repairs_total 0`,
		`gabion_cache_objects{resource="namespaces"} `,
		`gabion_certificate_expiry_timestamp_seconds `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
}
