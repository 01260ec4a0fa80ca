package guard_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
	"github.com/gabion-security/gabion/pss"
)

// Who takes part. RBAC says what they may do, in world.
const (
	// serviceAccount is who the manifests run Gabion as.
	serviceAccount = "system:serviceaccount:gabion-system:gabion"
	editor         = "editor" // may write every namespace, and its subresources
	tenant         = "tenant" // may do everything, but only in the namespace shop
	owner          = "ann"    // is an editor who may weaken the namespace shop
)

const world = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edits-namespaces}
rules: [{apiGroups: [""], resources: [namespaces, namespaces/status, namespaces/finalize], verbs: [get, create, update, patch, delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: edits-namespaces}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edits-namespaces}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: editor}, {apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: everything, namespace: shop}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: everything, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: everything}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: tenant}]
`

// examples are the guards: floor is for every namespace, and production for some.
const examples = "../../examples/guards"

// right is what lets the owner weaken the namespace shop.
const right = "../../examples/rights/weaken-shop.yaml"

const configuration = `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
exemptions: {namespaces: [exempt]}
`

// plane is a control plane without the built-in PodSecurity plugin.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(run(m)) //nolint:forbidigo // a TestMain is a main
}

func run(m *testing.M) int {
	users := []cluster.User{{Name: editor}, {Name: tenant}, {Name: owner}, {Name: serviceAccount, Groups: []string{"system:serviceaccounts"}}}
	return cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true, AuditPolicy: cluster.AuditMetadata, Users: users})
}

// client returns a client of a user; it keeps the warnings.
func client(t *testing.T, user string) (kubernetes.Interface, *cluster.Warnings) {
	t.Helper()
	config := plane.Config()
	if user != "admin" {
		var err error
		if config, err = plane.ConfigOf(user); err != nil {
			t.Fatal(err)
		}
	}
	warnings := &cluster.Warnings{}
	config.WarningHandler = warnings
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

// apply applies objects as the administrator.
func apply(t *testing.T, text []byte) {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), "apply", "--server-side", "-f", "-")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// guarded starts `gabion serve` as the manifests let it, with the guards in the
// folder, and waits until the API server asks it.
func guarded(t *testing.T) (s *serve.Server, policies string) {
	t.Helper()
	install := exec.CommandContext(t.Context(), gabion, "install", "-o", "yaml", "--image=example.com/gabion:v1")
	install.Env = []string{"HOME=" + t.TempDir()}
	manifest, err := install.Output()
	if err != nil {
		t.Fatal(err)
	}
	apply(t, manifest)
	namespace(t, "shop", map[string]string{pss.EnforceLabel: "restricted", pss.AuditLabel: "restricted", "env": "prod"})
	apply(t, []byte(world))
	granted, err := os.ReadFile(right)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, granted)
	dir := t.TempDir()
	policies = filepath.Join(dir, "policies")
	config := filepath.Join(dir, "config.yaml")
	if err := os.CopyFS(policies, os.DirFS(examples)); err != nil {
		t.Fatal(err)
	}
	write(t, config, configuration)
	kubeconfig, err := plane.KubeconfigOf(serviceAccount)
	if err != nil {
		t.Fatal(err)
	}
	s = serve.Start(t, plane, gabion, "gabion", kubeconfig,
		append(serve.Credentials(t, dir), "--register", "--config="+config, "--policy-dir="+policies)...)
	asked(t)
	return s, policies
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// asked waits until the API server asks Gabion about namespaces.
func asked(t *testing.T) {
	t.Helper()
	eventually(t, "the webhook", func() string {
		_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "odd", Labels: map[string]string{pss.EnforceLabel: "odd"},
		}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "must be one of privileged, baseline, restricted") {
			return fmt.Sprintf("an invalid label: %v", err)
		}
		return ""
	})
}

// namespace makes a namespace as the administrator.
func namespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: maps.Clone(labels)},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// get returns a namespace as it is stored.
func get(t *testing.T, name string) *corev1.Namespace {
	t.Helper()
	ns, err := plane.Client().CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ns
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
