package serve_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// ready returns "ready", or what /readyz says instead.
func ready(t *testing.T, s *serve.Server) string {
	t.Helper()
	if _, err := s.Get(t.Context(), "/readyz"); err != nil {
		return err.Error()
	}
	return "ready"
}

func TestItIsNotReadyBeforeTheRegistrationIsWritten(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	makeNamespace(t, c, "shop", "baseline")
	g := newGate(t, c)
	s := serve.New(t, c, gabion, "gabion", g.Kubeconfig, append(serve.Credentials(t, t.TempDir()), "--register")...)
	started := make(chan error, 1)
	go func() { started <- s.Start(t.Context()) }()
	eventually(t, 30*time.Second, "the first write", func() string {
		if g.asked.Load() < 2 { // a look, and the write that is held
			return "nobody has tried it"
		}
		return ""
	})
	for range 10 {
		if got := ready(t, s); !strings.HasPrefix(got, "503 ") || !strings.Contains(got, "the webhook configuration is not written yet") {
			t.Fatalf("before the registration is written: %s", got)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := s.Get(t.Context(), "/healthz"); err != nil {
		t.Errorf("it is not alive: %v", err)
	}
	close(g.open)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	enforced(t, c, "shop")
}

// TestAServerThatYieldsDoesNotAskAgainAndAgain announces a removal that never comes
// while a later server has the registration: it is the later one's to repair.
func TestAServerThatYieldsDoesNotAskAgainAndAgain(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	g := newGate(t, c)
	close(g.open)
	flags := append(serve.Credentials(t, t.TempDir()), "--register", "--register-url=https://127.0.0.1:9/validate")
	serve.Start(t, c, gabion, "earlier", g.Kubeconfig, flags...)
	serve.Start(t, c, gabion, "later", c.Kubeconfig(), append(flags, "--exclude-namespaces=kube-system,more")...)
	want := webhooks(t, c)
	api := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
	patch := []byte(`{"metadata":{"annotations":{"gabion.io/withdrawn-by":"nobody"}}}`)
	if _, err := api.Patch(t.Context(), "gabion", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "repair by the later server", func() string {
		found, err := api.Get(t.Context(), "gabion", metav1.GetOptions{})
		if err != nil || found.Annotations["gabion.io/withdrawn-by"] != "" {
			return "announced to be removed"
		}
		return ""
	})
	before := g.asked.Load()
	time.Sleep(3 * time.Second)
	if asked := g.asked.Load(); asked > 40 || asked-before > 5 {
		t.Errorf("the earlier server has asked %d times, %d of them after all was well", asked, asked-before)
	}
	if got := webhooks(t, c); got != want {
		t.Errorf("the registration is %s, want %s", got, want)
	}
}

// TestAReplicaThatDoesNotFollowARotationIsNotReadyOnceItIsNotTrusted breaks what a
// replica needs beside the Secret to serve with what is new in there.
func TestAReplicaThatDoesNotFollowARotationIsNotReadyOnceItIsNotTrusted(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	installed(t, c)
	dir := t.TempDir()
	clientCAs := filepath.Join(dir, "tls.crt")
	serve.Credentials(t, dir)
	good, err := os.ReadFile(clientCAs)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--register", "--register-url=https://127.0.0.1:9/validate", "--tls-secret=gabion-system/gabion-tls"}
	follows := serve.Start(t, c, gabion, "follows", c.Kubeconfig(), flags...)
	stays := serve.Start(t, c, gabion, "stays", c.Kubeconfig(), append(flags, "--client-ca-file="+clientCAs)...)

	if err := os.WriteFile(clientCAs, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Client().CoreV1().Secrets("gabion-system").Delete(t.Context(), "gabion-tls", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	reloads := func(s *serve.Server, want string) {
		t.Helper()
		eventually(t, time.Minute, "reload", func() string {
			if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_certificate_reloads_total"+want) {
				return "none of " + want
			}
			return ""
		})
	}
	reloads(follows, `{result="success"} 1`)
	reloads(stays, `{result="failure"} 1`)
	for _, s := range []*serve.Server{follows, stays} {
		if got := ready(t, s); got != "ready" {
			t.Errorf("while both CAs are registered: %s", got)
		}
	}
	ageRotation(t, c)
	eventually(t, time.Minute, "the end of the older CAs", func() string {
		if got := ready(t, stays); !strings.Contains(got, "API servers do not trust the TLS certificate of this replica: x509: ") {
			return got
		}
		return ""
	})
	if got := ready(t, follows); got != "ready" {
		t.Errorf("the replica that follows: %s", got)
	}
	if err := os.WriteFile(clientCAs, good, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "what is new can be used", func() string {
		if got := ready(t, stays); got != "ready" {
			return got
		}
		return ""
	})
}

// copyFile copies a file over another one.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReplicasWithFilesDoNotFightWhileOneSeesTheNextCertificateLater gives the next
// certificate to one replica first, as the kubelets of two nodes do.
func TestReplicasWithFilesDoNotFightWhileOneSeesTheNextCertificateLater(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	dirs := []string{t.TempDir(), t.TempDir()}
	next := t.TempDir()
	serve.Credentials(t, next)
	flags := serve.Credentials(t, dirs[0])
	give := func(from, to string) {
		t.Helper()
		for _, name := range []string{"tls.crt", "tls.key"} {
			copyFile(t, filepath.Join(from, name), filepath.Join(to, name))
		}
	}
	give(dirs[0], dirs[1])
	var replicas []*serve.Server
	for i, dir := range dirs {
		args := []string{"--register", "--register-url=https://127.0.0.1:9/validate"}
		for _, flag := range flags {
			args = append(args, strings.Replace(flag, dirs[0], dir, 1))
		}
		replicas = append(replicas, serve.Start(t, c, gabion, []string{"first", "second"}[i], c.Kubeconfig(), args...))
	}
	settled := func(when string, cas int) {
		t.Helper()
		time.Sleep(3 * time.Second) // a fight would show
		found, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "gabion", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(found.Webhooks[0].ClientConfig.CABundle), "BEGIN CERTIFICATE"); got != cas {
			t.Errorf("%s: %d CAs are registered, want %d", when, got, cas)
		}
		for i, s := range replicas {
			if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_registration_repairs_total 0\n") {
				t.Errorf("%s: replica %d has repaired what was right (%v)", when, i, err)
			}
			if got := ready(t, s); got != "ready" {
				t.Errorf("%s: replica %d: %s", when, i, got)
			}
		}
	}
	reloaded := func(s *serve.Server) {
		t.Helper()
		eventually(t, time.Minute, "the next certificate", func() string {
			if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, `gabion_certificate_reloads_total{result="success"} 1`) {
				return "is not in use"
			}
			return ""
		})
	}
	settled("at first", 2) // of the certificate, and of what signed it
	give(next, dirs[0])
	reloaded(replicas[0])
	settled("when one has the next certificate", 4)
	give(next, dirs[1])
	reloaded(replicas[1])
	settled("when both have it", 4)
}

// TestUnregisteringCountsWhileARepairIsPutOff unregisters in the pause that follows
// on many repairs, and hides a change behind an announcement before.
func TestUnregisteringCountsWhileARepairIsPutOff(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	want := webhooks(t, c)
	api := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
	change := func(patch string) {
		t.Helper()
		if _, err := api.Patch(t.Context(), "gabion", types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	repaired := func(within time.Duration) {
		t.Helper()
		eventually(t, within, "repair", func() string {
			if got := webhooks(t, c); got != want {
				return got
			}
			return ""
		})
	}
	const ignore = `{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}`
	change(`[` + ignore + `,{"op":"add","path":"/metadata/annotations/gabion.io~1withdrawn-by","value":"nobody"}]`)
	repaired(3 * time.Second) // and not when the announcement does not count any more
	for range 9 {
		change(`[` + ignore + `]`)
		repaired(5 * time.Second)
	}
	change(`[` + ignore + `]`) // this one is put off
	time.Sleep(time.Second)
	if webhooks(t, c) == want {
		t.Fatal("the eleventh repair was not put off, so that this test shows nothing")
	}
	if out, err := command(t, "unregister", "--kubeconfig="+c.Kubeconfig()).CombinedOutput(); err != nil {
		t.Fatalf("gabion unregister: %v: %s", err, out)
	}
	for range 130 {
		if got := webhooks(t, c); got != "none" {
			t.Fatalf("it is written again: %s", got)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestACertificateThatWouldNotBeTrustedIsNotReloaded(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	makeNamespace(t, c, "shop", "baseline")
	dir, other := t.TempDir(), t.TempDir()
	flags := serve.Credentials(t, dir)
	serve.Credentials(t, other)
	cas := filepath.Join(dir, "ca.crt")
	copyFile(t, filepath.Join(dir, "tls.crt"), cas)
	s := serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(flags, "--register", "--register-ca-file="+cas)...)
	enforced(t, c, "shop")
	for _, name := range []string{"tls.crt", "tls.key"} {
		copyFile(t, filepath.Join(other, name), filepath.Join(dir, name))
	}
	eventually(t, time.Minute, "the look at the files", func() string {
		if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, `gabion_certificate_reloads_total{result="failure"} 1`) {
			return "not seen"
		}
		return ""
	})
	if text, err := os.ReadFile(s.Log); err != nil || !strings.Contains(string(text), "would not trust the TLS certificate") {
		t.Errorf("the log does not say why: %v\n%s", err, text)
	}
	if got := ready(t, s); got != "ready" {
		t.Errorf("with the old certificate: %s", got)
	}
	for range 3 {
		enforced(t, c, "shop")
	}
}
