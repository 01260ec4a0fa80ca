package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatAKubeconfigNamesIsCompleted(t *testing.T) {
	t.Parallel()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	const text = `{apiVersion: v1, kind: Config, clusters: [{name: east, cluster: {server: "https://127.0.0.1:9"}}, {name: west, cluster: {}}],
contexts: [{name: b, context: {cluster: east, user: me}}, {name: a, context: {cluster: west, user: me}}], users: [{name: me, user: {}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"plan", "--context", ""}, "a\nb\n:4\n"},
		{[]string{"label", "--cluster", ""}, "east\nwest\n:4\n"},
		{[]string{"unregister", "--user", ""}, "me\n:4\n"},
		{[]string{"plan", "--from=x", ""}, ":0\n"},                 // paths, and nobody is asked
		{[]string{"preview", "./x"}, ":0\n"},                       // that is one
		{[]string{"plan", "--context=b", ""}, ":0\n"},              // nobody answers there
		{[]string{"label", "--context=b", "-n", ""}, ":4\n"},       // nor there
		{[]string{"who-can", "weaken", "--context=z", ""}, ":0\n"}, // and no such context
	} {
		s, out, stderr := system(append([]string{"__complete"}, tt.args...)...)
		s.Getenv = func(name string) string { return map[string]string{"KUBECONFIG": kubeconfig}[name] }
		if code := Main(s); code != 0 {
			t.Errorf("%q: exit code %d: %s", tt.args, code, stderr)
		}
		if diff := cmp.Diff(tt.want, out.String()); diff != "" {
			t.Errorf("%q (-want +got):\n%s%s", tt.args, diff, stderr)
		}
	}
}

func TestVersionsAreCompletedTheNewestFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ command, flag, want string }{
		{"check", "version", "latest\nv1.37\nv1.36\n"},
		{"fix", "version", "latest\nv1.37\n"},
		{"controls", "version", "latest\nv1.37\n"},
		{"psp map", "version", "latest\nv1.37\n"},
		{"psp convert", "version", "latest\nv1.37\n"},
		{"exceptions suggest", "version", "latest\nv1.37\n"},
		{"exceptions lint", "version", "latest\nv1.37\n"},
		{"check", "kubernetes-version", "v1.37\nv1.36\n"},
		{"plan", "kubernetes-version", "v1.37\n"},
		{"preview", "kubernetes-version", "v1.37\n"},
		{"psp migrate", "kubernetes-version", "v1.37\n"},
	} {
		s, out, stderr := system(append(append([]string{"__complete"}, strings.Fields(tt.command)...), "--"+tt.flag, "")...)
		if code := Main(s); code != 0 || !strings.HasPrefix(out.String(), tt.want) || !strings.Contains(out.String(), "\nv1.0\n:") {
			t.Errorf("%s --%s offers %q, exit code %d: %s", tt.command, tt.flag, out, code, stderr)
		}
	}
}

func TestEveryCommandOffersItsFormats(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"check", "fix", "plan", "preview", "label", "controls", "explain", "upgrade", "who-can weaken", "exceptions lint", "exceptions list",
		"exceptions suggest", "psp map", "psp convert", "psp simplify", "psp simulate", "psp mutating", "psp migrate",
	} {
		s, out, stderr := system(append(append([]string{"__complete"}, strings.Fields(command)...), "--output", "")...)
		if code := Main(s); code != 0 {
			t.Errorf("%s: exit code %d: %s", command, code, stderr)
		}
		offered, _, _ := strings.Cut(out.String(), ":")
		if !strings.Contains(offered, "json") {
			t.Errorf("%s offers no formats: %q", command, out)
		}
	}
}
