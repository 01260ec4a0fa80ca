package rollout_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/internal/report"
)

// asked are namespaces in which the API server is asked about the pods of one
// Deployment that meets restricted, and of an Engine.
const asked = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: full}}
- {apiVersion: v1, kind: Namespace, metadata: {name: hooked}}
- {apiVersion: v1, kind: Namespace, metadata: {name: meshed}}
- {apiVersion: v1, kind: Namespace, metadata: {name: yard}}
- apiVersion: v1
  kind: ResourceQuota
  metadata: {name: none, namespace: full}
  spec: {hard: {pods: "0"}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: fine, namespace: full}
  spec: &fine {selector: {matchLabels: {a: fine}}, template: {metadata: {labels: {a: fine}}, spec: {
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
    containers: [{name: c, image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: fine, namespace: hooked}, spec: *fine}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: fine, namespace: meshed}, spec: *fine}
- apiVersion: example.com/v1
  kind: Engine
  metadata: {name: diesel, namespace: yard}
  spec:
    parts:
    - template: {spec: {containers: [{name: a, image: x}]}}
    - template: {spec: {hostNetwork: true, containers: [{name: b, image: x}]}}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: mechanic, namespace: yard}
  rules: [{apiGroups: [example.com], resources: [engines, riddles], verbs: [create]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: mechanic, namespace: yard}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mechanic}
  subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: mechanic}]
`

// TestWhatElseAPodMeets asks about pods that a quota or a webhook refuses, or to
// which one adds a container, and about those of a custom resource.
func TestWhatElseAPodMeets(t *testing.T) {
	t.Parallel()
	c := cluster.ForTest(t, cluster.Options{})
	gabion, err := binaries.Gabion(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kubectlOf(t, c, definitions, "apply", "-f", "-")
	kubectlOf(t, c, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	soon(t, "custom resources", func() bool {
		return strings.Contains(kubectlOf(t, c, "", "api-resources", "--api-group=example.com", "--no-headers"), "engines")
	})
	kubectlOf(t, c, asked, "apply", "-f", "-")
	askNobody(t, c)
	addSidecars(t, c)
	// There is no controller that counts what a quota is for.
	status := []byte(`{"status":{"hard":{"pods":"0"},"used":{"pods":"0"}}}`)
	if _, err := c.Client().CoreV1().ResourceQuotas("full").Patch(t.Context(), "none", types.MergePatchType, status, metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}

	for _, tt := range []struct {
		namespace string
		code      int
		// unasked is a part of why there is no verdict, and violating the templates
		// that violate restricted.
		unasked   string
		violating []string
	}{
		{"full", 3, "exceeded quota: none", nil},
		{"hooked", 3, "failed calling webhook", nil},
		{"meshed", 0, "", []string{"deployment.apps/fine"}},
		{"yard", 0, "", []string{"engine.example.com/diesel (spec.parts[0].template)", "engine.example.com/diesel (spec.parts[1].template)"}},
	} {
		var got report.PreviewNamespace
		soon(t, tt.namespace, func() bool { // it takes a moment until quotas and webhooks are known
			stdout, stderr, code := run(t, gabion, c.Kubeconfig(), "preview", tt.namespace, "--enforce=restricted", "--templates", "--server", "-o", "json")
			var all report.Preview
			if err := json.Unmarshal([]byte(stdout), &all); err != nil {
				t.Fatalf("%s: exit code %d, %v: %s", tt.namespace, code, err, stderr)
			}
			got = all.Namespaces[0]
			return code == tt.code
		})
		if unasked := strings.Join(got.Unasked, "; "); (unasked != "") != (tt.unasked != "") || !strings.Contains(unasked, tt.unasked) {
			t.Errorf("%s: could not be asked: %q, want something with %q", tt.namespace, unasked, tt.unasked)
		}
		var violating []string
		for _, g := range got.Templates {
			violating = append(violating, g.Names...)
		}
		slices.Sort(violating)
		if diff := cmp.Diff(tt.violating, violating); diff != "" {
			t.Errorf("%s: templates that violate (-want +got):\n%s", tt.namespace, diff)
		}
	}
	whoMakesEngines(t, c, gabion)
}

// whoMakesEngines has somebody make custom resources that hold pods where nothing
// is enforced.
func whoMakesEngines(t *testing.T, c *cluster.Cluster, gabion string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cluster.json.gz")
	if _, stderr, code := run(t, gabion, c.Kubeconfig(), "snapshot", "-o", file); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, source := range []string{"--kubeconfig=" + c.Kubeconfig(), "--from=" + file} {
		stdout, stderr, code := run(t, gabion, c.Kubeconfig(), "who-can", "bypass", "yard", "-o", "json", source)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", source, code, stderr)
		}
		if !strings.Contains(stdout, `"mechanic"`) || !strings.Contains(stdout, `"engines"`) || strings.Contains(stdout, `"riddles"`) {
			t.Errorf("%s: got %s", source, stdout)
		}
	}
}

// soon waits until something is so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it has not come", what)
		}
	}
}

// podsIn are the rules of a webhook for pods of one namespace.
func podsIn(namespace string) ([]admissionregistrationv1.RuleWithOperations, *metav1.LabelSelector) {
	return []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
	}}, &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}}
}

// askNobody registers a webhook that nobody answers for. One that would refuse dry
// runs cannot be registered any more: its side effects are None or NoneOnDryRun.
func askNobody(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	rules, selector := podsIn("hooked")
	_, err := c.Client().AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "nobody"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "nobody.example.com", Rules: rules, NamespaceSelector: selector,
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:9/")},
			SideEffects:  new(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// addSidecars registers and runs a webhook that adds a container.
func addSidecars(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(text, &review)
		}
		if err != nil {
			t.Error(err)
			return
		}
		sidecar, err := json.Marshal([]map[string]any{{
			"op": "add", "path": "/spec/containers/-", "value": corev1.Container{Name: "sidecar", Image: "x"},
		}})
		if err != nil {
			t.Error(err)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{
			UID: review.Request.UID, Allowed: true, Patch: sidecar, PatchType: new(admissionv1.PatchTypeJSONPatch),
		}
		review.Request = nil
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	rules, selector := podsIn("meshed")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	_, err := c.Client().AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "mesh"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "mesh.example.com", Rules: rules, NamespaceSelector: selector,
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &server.URL, CABundle: ca},
			SideEffects:  new(admissionregistrationv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
