package cli

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommandsThatReadFilesNeverLookForACluster runs them beside a kubeconfig that
// nobody could read, whose only cluster would be heard of.
func TestCommandsThatReadFilesNeverLookForACluster(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if conn, err := listener.Accept(); err == nil {
			t.Errorf("somebody connects to the cluster")
			_ = conn.Close()
		}
	}()
	defer listener.Close() //nolint:errcheck // nobody has connected

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := write("broken", "{no kubeconfig: ]")
	whole := write("whole", `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: "http://`+listener.Addr().String()+`"}}],
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: `+dir+`/none}}}]}`)
	pods := write("pods.json", namespace("shop", `{}`)+
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"containers":[{"name":"app"}]}}`)
	policy := write("psp.yaml", "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: all}\nspec:\n  privileged: true\n"+
		"  seLinux: {rule: RunAsAny}\n  runAsUser: {rule: RunAsAny}\n  fsGroup: {rule: RunAsAny}\n  supplementalGroups: {rule: RunAsAny}\n")
	snapshot := write("snapshot.json",
		`{"apiVersion": "gabion.io/v1alpha1", "kind": "ClusterSnapshot", "server": {"release": "v1.37.2", "version": "v1.37"}, "lines": 1}`+"\n"+
			namespace("shop", `{}`))

	for _, args := range [][]string{
		{"check", pods},
		{"preview", "--all", "--enforce=baseline", pods},
		{"plan", pods},
		{"upgrade", "--from=v1.33", "--to=v1.37", pods},
		{"preview", "--all", "--enforce=baseline", "--from", snapshot},
		{"plan", "--from", snapshot},
		{"upgrade", "--to=v1.37", "--from", snapshot},
		{"who-can", "weaken", "--from", snapshot},
		{"who-can", "bypass", "--from", snapshot},
		{"psp", "map", "-f", policy},
		{"psp", "simulate", "-f", policy, "-f", pods},
		{"psp", "mutating", "-f", policy},
		{"psp", "convert", "-f", policy, "-o", "yaml"},
		{"psp", "simplify", "-f", policy},
		{"psp", "migrate", "-f", policy},
	} {
		for _, kubeconfig := range []string{broken, whole} {
			s, _, stderr := system(args...)
			s.Getenv = func(name string) string {
				return map[string]string{"KUBECONFIG": kubeconfig, "HOME": dir}[name]
			}
			if code := Main(s); code > 1 || strings.Contains(stderr.String(), "kubeconfig") {
				t.Errorf("%q beside %s: exit code %d: %s", args, filepath.Base(kubeconfig), code, stderr)
			}
		}
	}
}
