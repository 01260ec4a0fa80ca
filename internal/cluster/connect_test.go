package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: here, user: me}}, {name: d, context: {cluster: there, user: me}}]
clusters:
- {name: here, cluster: {server: "https://here:6443", certificate-authority: ca.crt}}
- {name: there, cluster: {server: "https://there:6443"}}
users: [{name: me, user: {token: secret}}]
`

// kubeconfigFile writes a kubeconfig and returns its path.
func kubeconfigFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAKubeconfigSaysWhereTheAPIServerIs(t *testing.T) {
	t.Parallel()
	path := kubeconfigFile(t, kubeconfig)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ca.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Connect(ConnectOptions{Kubeconfig: path, Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Host != "https://here:6443" || got.BearerToken != "secret" || got.UserAgent != "gabion/v1.2.3" {
		t.Errorf("got host %q, token %q, user agent %q", got.Host, got.BearerToken, got.UserAgent)
	}
	if want := filepath.Join(filepath.Dir(path), "ca.crt"); got.CAFile != want {
		t.Errorf("the CA is at %q, want %q, beside the kubeconfig", got.CAFile, want)
	}
	if got.QPS != queriesPerSecond || got.Burst != queriesAtOnce || got.Timeout != 0 {
		t.Errorf("got QPS %v, burst %d, timeout %s", got.QPS, got.Burst, got.Timeout)
	}
}

func TestAnUnusableKubeconfigIsAnError(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, want string }{
		{"a missing one", filepath.Join(t.TempDir(), "none"), "none"},
		{"an empty one", kubeconfigFile(t, ""), "no configuration"},
		{"one that is no YAML", kubeconfigFile(t, "{"), "config"},
		{"one whose context is missing", kubeconfigFile(t, strings.Replace(kubeconfig, "current-context: c", "current-context: x", 1)), "context: x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Connect(ConnectOptions{Kubeconfig: tt.path})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "kubeconfig "+tt.path) {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
		})
	}
}

func TestWithoutAKubeconfigTheClusterIsTheOneAround(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	_, err := Connect(ConnectOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "no kubeconfig given, and not inside a cluster: ") {
		t.Errorf("got %v", err)
	}
}
