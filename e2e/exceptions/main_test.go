package exceptions_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
	"github.com/gabion-security/gabion/internal/exception/truth"
	"github.com/gabion-security/gabion/pss"
)

// plane is a control plane without the built-in PodSecurity plugin.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true, AuditPolicy: cluster.AuditMetadata})) //nolint:forbidigo // a TestMain is a main
}

// world is a server that goes by the exceptions of a folder.
type world struct {
	*serve.Server

	policies string
	client   kubernetes.Interface
	warnings *cluster.Warnings
	audit    *cluster.AuditLog
}

// start makes the namespaces of the truth table and starts a server with its
// exceptions, each in a file of its own.
func start(t *testing.T, rows []truth.Row) *world {
	t.Helper()
	w := &world{warnings: &cluster.Warnings{}, audit: plane.AuditLog()}
	config := plane.Config()
	config.WarningHandler = w.warnings
	var err error
	if w.client, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.NodeV1().RuntimeClasses().Create(t.Context(), &nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: truth.RuntimeClass}, Handler: "runc",
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w.policies = filepath.Join(dir, "policies")
	if err := os.Mkdir(w.policies, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		w.namespace(t, rows[i].ID, rows[i].NamespaceLabels())
		w.write(t, rows[i].ID+".yaml", string(rows[i].Exception()))
	}
	w.Server = serve.Start(t, plane, gabion, "gabion", plane.Kubeconfig(), append(serve.Credentials(t, dir), "--register", "--policy-dir="+w.policies)...)
	w.namespace(t, "asked", map[string]string{pss.EnforceLabel: "baseline"})
	eventually(t, "the webhook", func() string {
		if err := w.try(t, "asked", podOf("p", func(p *corev1.Pod) { p.Spec.HostPID = true })); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
			return fmt.Sprintf("a bad pod: %v", err)
		}
		return ""
	})
	w.news(t)
	return w
}

func (w *world) namespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	_, err := w.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: maps.Clone(labels)},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// write puts a text into a file of the folder, at once.
func (w *world) write(t *testing.T, name, text string) {
	t.Helper()
	next := filepath.Join(w.policies, "."+name)
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(w.policies, name)); err != nil {
		t.Fatal(err)
	}
}

// try asks whether a pod may be created.
func (w *world) try(t *testing.T, namespace string, pod *corev1.Pod) error {
	t.Helper()
	_, err := w.client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// create creates a pod.
func (w *world) create(t *testing.T, namespace string, pod *corev1.Pod) {
	t.Helper()
	if _, err := w.client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// news returns the audit events since the last call.
func (w *world) news(t *testing.T) []cluster.AuditEvent {
	t.Helper()
	events, err := w.audit.Next()
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// metric waits until the metrics have a line.
func (w *world) metric(t *testing.T, line string) {
	t.Helper()
	eventually(t, line, func() string {
		if text, err := w.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, line+"\n") {
			return fmt.Sprintf("not there (%v)", err)
		}
		return ""
	})
}

// exceptionOf is an exception for a namespace, with further fields of its spec.
func exceptionOf(name, namespace, further string) string {
	return "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: " + name + "}\n" +
		"spec: {reason: a test, namespaces: {names: [" + namespace + "]}, " + further + "}\n"
}

// podOf is a pod that is changed in some ways.
func podOf(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "example.com/app:1"}}},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func privileged(p *corev1.Pod) {
	yes := true
	p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: &yes}
}

func hostPID(p *corev1.Pod) { p.Spec.HostPID = true }

// deploymentOf makes a Deployment of a pod.
func deploymentOf(p *corev1.Pod) *appsv1.Deployment {
	labels := map[string]string{"app": "web"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: p.Spec},
		},
	}
}

// rowPod returns the pod of a row.
func rowPod(t *testing.T, r *truth.Row) *corev1.Pod {
	t.Helper()
	var p corev1.Pod
	if err := yaml.UnmarshalStrict(r.Pod(), &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

// forbids is the beginning of what a pod is refused with, and violates what follows.
const (
	forbids  = `admission webhook "enforce.pod-security.gabion.io" denied the request: `
	violates = ` is forbidden: violates PodSecurity "baseline:latest": `
)

// same compares texts in any order.
func same(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// eventually waits until f returns nothing.
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
