package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// webhooks returns what is in the registration, or "none".
func webhooks(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	found, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "gabion", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(found.Webhooks)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestARegistrationFromBeginningToEnd follows one cluster through the life of a
// registration. The steps build on each other.
func TestARegistrationFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	makeNamespace(t, c, "shop", "baseline")
	if err := tryPod(t, c, "shop"); err != nil {
		t.Fatalf("without Gabion: %v, want that nobody enforces", err)
	}
	s := serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	enforced(t, c, "shop")

	repairsDrift(t, c, s)
	if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_registration_written 1\n") {
		t.Errorf("the metrics do not say that the registration is there: %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "ended (without an error)") {
		t.Errorf("after SIGTERM: %v", err)
	}
	if got := webhooks(t, c); got == "none" {
		t.Fatal("SIGTERM removed the registration")
	}
	staysUsable(t, c)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	enforced(t, c, "shop")
	unregisters(t, c, s)
}

// repairsDrift changes the registration in all ways that would weaken it.
func repairsDrift(t *testing.T, c *cluster.Cluster, s *serve.Server) {
	t.Helper()
	api := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
	want := webhooks(t, c)
	drifts := []struct{ name, patch string }{
		{"failurePolicy", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`},
		{"an object selector", `[{"op":"replace","path":"/webhooks/0/objectSelector","value":{"matchLabels":{"judge":"me"}}}]`},
		{"a namespace selector", `[{"op":"replace","path":"/webhooks/1/namespaceSelector","value":{"matchLabels":{"judge":"me"}}}]`},
		{"no CA", `[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`},
		{"another match condition", `[{"op":"add","path":"/webhooks/0/matchConditions/-","value":{"name":"never","expression":"false"}}]`},
		{"fewer rules", `[{"op":"remove","path":"/webhooks/0/rules/0/operations/1"}]`},
		{"a webhook less", `[{"op":"remove","path":"/webhooks/0"}]`},
		{"a longer time", `[{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":30}]`},
		{"a removal that is announced and never comes", `[{"op":"add","path":"/metadata/annotations/gabion.io~1withdrawn-by","value":"nobody"},` +
			`{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`},
		{"deletion", ""},
	}
	for _, d := range drifts {
		var err error
		if d.patch == "" {
			err = api.Delete(t.Context(), "gabion", metav1.DeleteOptions{})
		} else {
			_, err = api.Patch(t.Context(), "gabion", types.JSONPatchType, []byte(d.patch), metav1.PatchOptions{})
		}
		if err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		eventually(t, 15*time.Second, d.name, func() string {
			if got := webhooks(t, c); got != want {
				return got
			}
			return ""
		})
	}
	eventually(t, 5*time.Second, "metric", func() string {
		text, err := s.Get(t.Context(), "/metrics")
		if line := fmt.Sprintf("gabion_registration_repairs_total %d\n", len(drifts)); err != nil || !strings.Contains(text, line) {
			return "no " + line
		}
		return ""
	})
	eventually(t, 5*time.Second, "events", func() string {
		events, err := c.Client().CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range events.Items {
			if e := &events.Items[i]; e.Reason == "Repaired" && strings.Contains(e.Message, "enforce.pod-security.gabion.io: failurePolicy") {
				return ""
			}
		}
		return "none about failurePolicy"
	})
	enforced(t, c, "shop")
}

// staysUsable looks at a cluster whose webhook is down.
func staysUsable(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := c.Client().CoreV1()
	if err := tryPod(t, c, "shop"); !apierrors.IsInternalError(err) {
		t.Errorf("a pod in an enforcing namespace: %v, want that it is refused", err)
	}
	pod, err := client.Pods("kube-system").Create(t.Context(), hostPod("proxy"), metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("a pod in kube-system: %v", err)
	}
	change := func(what, patch string) {
		t.Helper()
		if _, err := client.Pods("kube-system").Patch(t.Context(), pod.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Errorf("%s of a pod: %v", what, err)
		}
		if _, err := client.Namespaces().Patch(t.Context(), "shop", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Errorf("%s of a namespace: %v", what, err)
		}
	}
	change("a finalizer", `{"metadata":{"finalizers":["example.com/one"]}}`)
	change("an annotation", `{"metadata":{"annotations":{"a":"b"}}}`)
	change("no finalizer", `{"metadata":{"finalizers":null}}`)
	_, err = client.Namespaces().Patch(t.Context(), "shop", types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`), metav1.PatchOptions{})
	if !apierrors.IsInternalError(err) {
		t.Errorf("a label of a namespace: %v, want that it is refused", err)
	}
	if err := client.Namespaces().Delete(t.Context(), "kube-public", metav1.DeleteOptions{}); err != nil && !apierrors.IsForbidden(err) {
		t.Errorf("deleting a namespace: %v", err)
	}
}

// unregisters removes the registration while the server runs.
func unregisters(t *testing.T, c *cluster.Cluster, s *serve.Server) {
	t.Helper()
	cmd := command(t, "unregister", "--kubeconfig="+c.Kubeconfig())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for _, want := range []string{
		`Removed the webhook configuration "gabion" from https://127.0.0.1:`,
		"- pods are no longer refused", "- Pod Security labels of namespaces are no longer validated", "- nobody is warned of workloads",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("unregister does not say %q, but:\n%s", want, out)
		}
	}
	time.Sleep(3 * time.Second)
	if got := webhooks(t, c); got != "none" {
		t.Errorf("the registration came back: %s", got)
	}
	if err := tryPod(t, c, "shop"); err != nil {
		t.Errorf("after unregister: %v", err)
	}
	if _, err := s.Get(t.Context(), "/readyz"); err != nil {
		t.Errorf("the server is not ready any more: %v", err)
	}
	if text, err := s.Get(t.Context(), "/metrics"); err != nil || !strings.Contains(text, "gabion_registration_written 0\n") {
		t.Errorf("the metrics do not say that the registration is gone: %v", err)
	}
	out, err = command(t, "unregister", "--kubeconfig="+c.Kubeconfig()).Output()
	if err != nil || !strings.Contains(string(out), "There is no webhook configuration") {
		t.Errorf("unregistering twice: %v: %s", err, out)
	}
}

// TestPodUpdatesAreJudgedIfTheyChangeAnImageOrContainer looks at what the API
// server itself decides not to ask.
func TestPodUpdatesAreJudgedIfTheyChangeAnImageOrContainer(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	makeNamespace(t, c, "shop", "")
	client := c.Client().CoreV1()
	pod, err := client.Pods("shop").Create(t.Context(), hostPod("p"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	serve.Start(t, c, gabion, "gabion", c.Kubeconfig(), append(serve.Credentials(t, t.TempDir()), "--register")...)
	patch := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	if _, err := client.Namespaces().Patch(t.Context(), "shop", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	enforced(t, c, "shop")
	for _, tt := range []struct {
		name, subresource, patch string
		judged                   bool
	}{
		{"labels", "", `{"metadata":{"labels":{"a":"b"}}}`, false},
		{"the status", "status", `{"status":{"message":"m"}}`, false},
		{"an image", "", `{"spec":{"containers":[{"name":"c","image":"other"}]}}`, true},
		{"an ephemeral container", "ephemeralcontainers", `{"spec":{"ephemeralContainers":[{"name":"e","image":"i"}]}}`, true},
		{"resources", "resize", `{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1m"}}}]}}`, false},
	} {
		var subresources []string
		if tt.subresource != "" {
			subresources = []string{tt.subresource}
		}
		_, err := client.Pods("shop").Patch(t.Context(), pod.Name, types.StrategicMergePatchType, []byte(tt.patch),
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}, subresources...)
		if judged := err != nil && err.Error() == refusal; judged != tt.judged || !judged && err != nil && !apierrors.IsInvalid(err) {
			t.Errorf("%s: judged %v, want %v: %v", tt.name, judged, tt.judged, err)
		}
	}
}

// TestServersOfOtherFlagsLeaveTheRegistrationToTheLatest is what happens during
// every rolling update with other flags.
func TestServersOfOtherFlagsLeaveTheRegistrationToTheLatest(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	flags := append(serve.Credentials(t, t.TempDir()), "--register", "--register-url=https://127.0.0.1:9/validate")
	earlier := serve.Start(t, c, gabion, "earlier", c.Kubeconfig(), flags...)
	before := webhooks(t, c)
	later := serve.Start(t, c, gabion, "later", c.Kubeconfig(), append(flags, "--exclude-namespaces=kube-system,more")...)
	want := webhooks(t, c)
	if want == before || !strings.Contains(want, `"more"`) {
		t.Fatalf("the later server is ready, but the registration is %s", want)
	}
	for range 40 {
		if got := webhooks(t, c); got != want {
			t.Fatalf("it was changed to %s", got)
		}
		time.Sleep(100 * time.Millisecond)
	}
	api := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for _, patch := range []string{
		`[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]`,
		`[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"},{"op":"replace","path":"/metadata/annotations/gabion.io~1generation","value":"99999999999 x"}]`,
	} {
		if _, err := api.Patch(t.Context(), "gabion", types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, 15*time.Second, "repair", func() string {
			if got := webhooks(t, c); got != want {
				return got
			}
			return ""
		})
	}
	for _, s := range []*serve.Server{earlier, later} {
		text, err := s.Get(t.Context(), "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			var repairs int
			if n, _ := fmt.Sscanf(line, "gabion_registration_repairs_total %d\n", &repairs); n == 1 && repairs > 4 {
				t.Errorf("%d repairs of two changes", repairs)
			}
		}
	}
	// One with the earlier's flags that is started now is the latest.
	if err := earlier.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := earlier.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := webhooks(t, c); got != before {
		t.Errorf("after another start: %s, want %s", got, before)
	}
}

// TestWhatIsWrittenWhileItIsRemovedIsRemovedToo has a server write just after there
// was nothing to be removed.
func TestWhatIsWrittenWhileItIsRemovedIsRemovedToo(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{WithoutPodSecurity: true})
	g := newGate(t, c)
	close(g.open)
	cmd := command(t, "unregister", "--kubeconfig="+g.Kubeconfig)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the first look", func() string {
		if g.asked.Load() < 2 {
			return "did not happen"
		}
		return ""
	})
	late := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "gabion"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "enforce.pod-security.gabion.io", ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:9/validate")},
			SideEffects: new(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
		}},
	}
	if _, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), late, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "Removed the webhook configuration") {
		t.Errorf("gabion unregister: %v\n%s", err, out.String())
	}
	if got := webhooks(t, c); got != "none" {
		t.Errorf("there is still %s", got)
	}
}
