package serve_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

func TestAStartThatFailsIsOneLineAndExitCode3(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true, Users: []cluster.User{{Name: "nobody"}}})
	dir := t.TempDir()
	files := serve.Credentials(t, dir)
	kubeconfig := "--kubeconfig=" + c.Kubeconfig()
	powerless, err := c.KubeconfigOf("nobody")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("kind: PodSecurityConfiguration\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	serve.Credentials(t, other)
	var config net.ListenConfig
	busy, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close() //nolint:errcheck // nothing was sent
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"no kubeconfig", "no kubeconfig given, and not inside a cluster", files},
		{"no such kubeconfig", "no such file", append(files, "--kubeconfig="+dir+"/none")},
		{"no such certificate", "TLS certificate: open ", []string{kubeconfig, "--tls-cert-file=" + dir + "/none", files[1]}},
		{"key and certificate exchanged", "TLS", []string{
			kubeconfig, "--tls-cert-file=" + filepath.Join(dir, "tls.key"), "--tls-private-key-file=" + filepath.Join(dir, "tls.crt"),
		}},
		{"a certificate for another name than is registered", "would not trust the TLS certificate: x509: certificate is valid for 127.0.0.1, not 127.0.0.2", append(
			files, kubeconfig, "--register", "--register-url=https://127.0.0.2:9443/validate",
		)},
		{"a certificate for another name than the Service's", "would not trust the TLS certificate: x509: certificate is valid for localhost, not gabion.gabion-system.svc", append(
			files, kubeconfig, "--register", "--register-service=gabion-system/gabion",
		)},
		{"CAs that did not sign the certificate", "would not trust the TLS certificate: x509: certificate signed by unknown authority", append(
			files, kubeconfig, "--register", "--register-ca-file="+filepath.Join(other, "tls.crt"),
		)},
		{"a broken configuration", "'apiVersion' is missing", append(files, kubeconfig, "--config="+broken)},
		{"a port that is taken", "address already in use", append(files, kubeconfig, "--listen="+busy.Addr().String())},
		{"a status port that is taken", "address already in use", append(files, kubeconfig, "--metrics-listen="+busy.Addr().String())},
		{"no right to make the Secret", "TLS Secret kube-system/x: secrets", []string{"--kubeconfig=" + powerless, "--tls-secret=kube-system/x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			args := append([]string{"serve", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--log-format=json"}, tt.args...)
			cmd := exec.CommandContext(ctx, gabion, args...)
			cmd.Env = []string{"HOME=" + dir}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 3 {
				t.Fatalf("%v, want exit code 3: %s", err, stderr.String())
			}
			var lines []string
			for line := range strings.Lines(stderr.String()) {
				if !strings.HasPrefix(line, "{") { // what was logged before
					lines = append(lines, line)
				}
			}
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "gabion: ") || !strings.Contains(lines[0], tt.want) {
				t.Errorf("got %q, want one line with %q", lines, tt.want)
			}
		})
	}
}

func TestWithoutTheRightToRegisterItDoesNotRun(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true, Users: []cluster.User{{Name: "reader"}}})
	for _, args := range [][]string{
		{"create", "clusterrole", "reader", "--verb=get,list,watch", "--resource=namespaces,pods"},
		{"create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=reader"},
	} {
		if out, err := c.Kubectl(t.Context(), args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	kubeconfig, err := c.KubeconfigOf("reader")
	if err != nil {
		t.Fatal(err)
	}
	s := serve.New(t, c, gabion, "gabion", kubeconfig, append(serve.Credentials(t, t.TempDir()), "--register")...)
	err = s.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit status 3") ||
		!strings.Contains(err.Error(), "gabion: writing the webhook configuration: ") {
		t.Errorf("got %v, want an end with code 3 and a line about the registration", err)
	}
}

func TestTheConfigurationIsReadAgain(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	dir := t.TempDir()
	// As the kubelet shows a ConfigMap: the file is a link through a folder that
	// is a link, and the latter is swapped.
	write := func(version, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "c.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		next := filepath.Join(dir, "next")
		if err := os.Symlink(version, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	configuration := func(level string) string {
		return "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: " + level + "}\n"
	}
	write("v1", configuration("privileged"))
	if err := os.Symlink("data/c.yaml", filepath.Join(dir, "c.yaml")); err != nil {
		t.Fatal(err)
	}
	makeNamespace(t, c, "plain", "")
	makeNamespace(t, c, "shop", "baseline")
	s := serve.Start(t, c, gabion, "gabion", c.Kubeconfig(),
		append(serve.Credentials(t, t.TempDir()), "--register", "--config="+filepath.Join(dir, "c.yaml"))...)
	enforced(t, c, "shop")
	if err := tryPod(t, c, "plain"); err != nil {
		t.Errorf("before the change: %v", err)
	}
	write("v2", configuration("baseline"))
	enforced(t, c, "plain")
	metric := func(want string) {
		t.Helper()
		eventually(t, 10*time.Second, "metric", func() string {
			if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, want) {
				return "no " + want
			}
			return ""
		})
	}
	metric(`gabion_configuration_reloads_total{result="success"} 1`)
	write("v3", configuration("lax"))
	metric(`gabion_configuration_reloads_total{result="failure"} 1`)
	enforced(t, c, "plain")
	if _, err := s.Get(t.Context(), "/readyz"); err != nil {
		t.Errorf("with a broken file: %v", err)
	}
	if text, err := os.ReadFile(s.Log); err != nil || strings.Count(string(text), "the new configuration cannot be used") != 1 {
		t.Errorf("the log does not say once that the file is broken: %v\n%s", err, text)
	}
	write("v4", configuration("baseline"))
	metric("gabion_configuration_last_reload_successful 1")
}
