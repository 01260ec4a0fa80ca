package early_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// plane is a control plane without the built-in PodSecurity plugin. Nothing makes
// pods of workloads in it.
var plane *cluster.Cluster

// gabion is the program under test.
var gabion string

func TestMain(m *testing.M) {
	os.Exit(cluster.MainWith(m, &plane, &gabion, cluster.Options{WithoutPodSecurity: true})) //nolint:forbidigo // a TestMain is a main
}

// guards are those beside the examples.
const guards = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: telling}
spec: {namespaces: {names: [told]}, workloads: warn}
---
apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: lost}
spec: {namespaces: {names: [lost]}, profile: gone}
`

// start starts a server that goes by the examples and by guards, and waits until
// the API server asks it.
func start(t *testing.T) (policies string) {
	t.Helper()
	dir := t.TempDir()
	policies = filepath.Join(dir, "policies")
	if err := os.Mkdir(policies, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"team.yaml": "early/guard.yaml", "registry.yaml": "profiles/own-registry.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../examples", from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, policies, name, string(text))
	}
	write(t, policies, "more.yaml", guards)
	serve.Start(t, plane, gabion, "gabion", plane.Kubeconfig(), append(serve.Credentials(t, dir), "--register", "--policy-dir="+policies)...)
	eventually(t, "the webhook", func() string {
		_, err := plane.Client().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "odd", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "odd"},
		}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "must be one of") {
			return fmt.Sprintf("an invalid label: %v", err)
		}
		return ""
	})
	return policies
}

// write puts a text into a file of the folder, at once.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	next := filepath.Join(dir, "."+name)
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// kubectl runs kubectl with a text on its standard input, and returns what it says
// on either stream.
func kubectl(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	cmd := plane.Kubectl(t.Context(), args...)
	cmd.Stdin = bytes.NewReader([]byte(input))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// passes runs kubectl, which has to succeed.
func passes(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, err := kubectl(t, input, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s\n%s", strings.Join(args, " "), err, out, input)
	}
	return out
}

// refused runs kubectl, which has to fail and to say something.
func refused(t *testing.T, want, input string, args ...string) {
	t.Helper()
	out, err := kubectl(t, input, args...)
	if err == nil || !strings.Contains(out, want) {
		t.Errorf("kubectl %s: %v\n%s\nwant %s", strings.Join(args, " "), err, out, want)
	}
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
