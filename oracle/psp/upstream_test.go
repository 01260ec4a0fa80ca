package psp

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	core "k8s.io/kubernetes/pkg/apis/core"
	corev1conversion "k8s.io/kubernetes/pkg/apis/core/v1"
	policyv1beta1 "k8s.io/kubernetes/pkg/apis/policy/v1beta1"
	upstream "k8s.io/kubernetes/pkg/security/podsecuritypolicy"
)

// answer is what Kubernetes makes of a pod by one policy.
type answer struct {
	admitted, mutated bool
	errors            map[string]bool
	asIs              map[string]bool // errors of the pod before any mutation
	pod               *core.Pod       // afterwards
}

// newProvider returns Kubernetes' own judge for a policy, defaulted as its API
// server would.
func newProvider(t *testing.T, text []byte) upstream.Provider {
	t.Helper()
	p := new(policy.PodSecurityPolicy)
	if err := json.Unmarshal(text, p); err != nil {
		t.Fatal(err)
	}
	policyv1beta1.SetObjectDefaults_PodSecurityPolicy(p)
	provider, err := upstream.NewSimpleProvider(p, "ns", upstream.NewSimpleStrategyFactory())
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return provider
}

// internalPod returns what Kubernetes' API server makes of a pod's JSON.
func internalPod(t *testing.T, text []byte) *core.Pod {
	t.Helper()
	pod := new(corev1.Pod)
	if err := json.Unmarshal(text, pod); err != nil {
		t.Fatal(err)
	}
	corev1conversion.SetObjectDefaults_Pod(pod)
	out := new(core.Pod)
	if err := corev1conversion.Convert_v1_Pod_To_core_Pod(pod, out, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// ask does what the admission plugin did with one policy.
func ask(t *testing.T, provider upstream.Provider, pod *core.Pod) answer {
	t.Helper()
	after := pod.DeepCopy()
	if err := provider.MutatePod(after); err != nil {
		t.Fatal(err)
	}
	a := answer{errors: map[string]bool{}, asIs: map[string]bool{}, pod: after}
	for _, e := range provider.ValidatePod(after) {
		a.errors[e.Error()] = true
	}
	for _, e := range provider.ValidatePod(pod) {
		a.asIs[e.Error()] = true
	}
	a.admitted = len(a.errors) == 0
	a.mutated = !apiequality.Semantic.DeepEqual(pod, after)
	return a
}
