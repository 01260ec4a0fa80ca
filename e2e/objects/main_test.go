package objects_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

const (
	// serviceAccount is who the manifests run Gabion as.
	serviceAccount = "system:serviceaccount:gabion-system:gabion"
	editor         = "editor" // may label namespaces, but not weaken them
)

const world = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edits-namespaces}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [get, create, update, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: edits-namespaces}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edits-namespaces}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: editor}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
`

// plane is a control plane without the built-in PodSecurity plugin.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(run(m)) //nolint:forbidigo // a TestMain is a main
}

func run(m *testing.M) int {
	users := []cluster.User{{Name: editor}, {Name: serviceAccount, Groups: []string{"system:serviceaccounts"}}}
	return cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true, Users: users})
}

// following is a server that goes by objects, and the client of the editor.
type following struct {
	*serve.Server

	editor kubernetes.Interface
}

// start starts a server as the manifests let it, before there are definitions.
func start(t *testing.T) *following {
	t.Helper()
	kubectl(t, manifest(t, "--image=example.com/gabion:v1"), "apply", "--server-side", "-f", "-")
	kubectl(t, world, "apply", "--server-side", "-f", "-")
	config, err := plane.ConfigOf(editor)
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler = &cluster.Warnings{}
	f := &following{}
	if f.editor, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := plane.KubeconfigOf(serviceAccount)
	if err != nil {
		t.Fatal(err)
	}
	f.Server = serve.Start(t, plane, gabion, "gabion", kubeconfig, append(serve.Credentials(t, t.TempDir()), "--register")...)
	f.refused(t, "the webhook", f.pod, "violates PodSecurity")
	return f
}

// manifest returns what `gabion install` prints.
func manifest(t *testing.T, args ...string) string {
	t.Helper()
	install := exec.CommandContext(t.Context(), gabion, append([]string{"install", "-o", "yaml"}, args...)...)
	install.Env = []string{"HOME=" + t.TempDir()}
	text, err := install.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// kubectl runs kubectl as the administrator.
func kubectl(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), args...)
	cmd.Stdin = bytes.NewReader([]byte(stdin))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
}

// define applies the definitions.
func define(t *testing.T) {
	t.Helper()
	kubectl(t, manifest(t, "--crds-only"), "apply", "--server-side", "-f", "-")
	kubectl(t, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
}

// write writes an object of the group.
func write(t *testing.T, kind, name, spec string) {
	t.Helper()
	kubectl(t, "apiVersion: gabion.io/v1alpha1\nkind: "+kind+"\nmetadata: {name: "+name+"}\nspec: {"+spec+"}\n", "apply", "--server-side", "-f", "-")
}

// pod asks whether a privileged pod may be created.
func (f *following) pod(ctx context.Context) error {
	yes := true
	_, err := plane.Client().CoreV1().Pods("shop").Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "c", Image: "example.com/app:1", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
		}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// label asks whether the editor may change labels of the namespace.
func (f *following) label(labels string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := f.editor.CoreV1().Namespaces().Patch(ctx, "shop", types.MergePatchType, []byte(`{"metadata":{"labels":{`+labels+`}}}`),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
}

// unlabel is the change that guards refuse.
const unlabel = `"pod-security.kubernetes.io/enforce":null`

// refused waits until something is refused for a reason, and passed until it is not.
func (f *following) refused(t *testing.T, what string, do func(context.Context) error, why string) {
	t.Helper()
	eventually(t, what, func() string {
		if err := do(t.Context()); err == nil || !strings.Contains(err.Error(), why) {
			return fmt.Sprintf("want a refusal with %q, got %v", why, err)
		}
		return ""
	})
}

func (f *following) passed(t *testing.T, what string, do func(context.Context) error) {
	t.Helper()
	eventually(t, what, func() string {
		if err := do(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
}

// ready waits until the server is ready, or not ready for a reason.
func (f *following) ready(t *testing.T, why string) {
	t.Helper()
	eventually(t, "readiness", func() string {
		if _, err := f.Get(t.Context(), "/readyz"); (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			return fmt.Sprintf("%v, want %q", err, why)
		}
		return ""
	})
}

// logged checks that the log has a text.
func (f *following) logged(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log", func() string {
		if log, err := os.ReadFile(f.Log); err != nil || !strings.Contains(string(log), text) {
			return fmt.Sprintf("without %q (%v)", text, err)
		}
		return ""
	})
}

// lines returns the log.
func (f *following) lines(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(f.Log)
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// metric checks that the metrics have a line.
func (f *following) metric(t *testing.T, line string) {
	t.Helper()
	eventually(t, line, func() string {
		if text, err := f.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, line+"\n") {
			return fmt.Sprintf("not there (%v)", err)
		}
		return ""
	})
}

// eventually waits until f returns nothing.
func eventually(t *testing.T, what string, f func() string) {
	t.Helper()
	const within = 30 * time.Second
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
