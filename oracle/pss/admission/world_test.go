package admission

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	theirs "k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/admission/api/load"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
)

// newest is the newest version of the standard in the upstream library that the
// module requires.
const newest = 37

// world is what a cluster holds: both controllers see the same.
type world struct {
	namespaces map[string]map[string]string
	pods       map[string][]*corev1.Pod
	views      map[string][]admission.ExistingPod
	config     string
	version    api.Version // of the API server
	ours       *admission.Controller
	theirs     *theirs.Admission
	events     struct{ ours, theirs recorder }
}

// The names in a world that are exempt by some configurations.
const (
	exemptNamespace = "ns-1"
	exemptUser      = "system:serviceaccount:kube-system:replicaset-controller"
	exemptClass     = "gvisor"
)

var configs = []string{
	``,
	`{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration","exemptions":{
		"namespaces":["ns-1","ns-2"],"usernames":["` + exemptUser + `"],"runtimeClasses":["gvisor","kata"]}}`,
	`{"apiVersion":"pod-security.admission.config.k8s.io/v1beta1","kind":"PodSecurityConfiguration",
		"defaults":{"enforce":"restricted","warn":"baseline","audit-version":"v1.20"}}`,
	`{"apiVersion":"pod-security.admission.config.k8s.io/v1alpha1","kind":"PodSecurityConfiguration",
		"defaults":{"enforce":"baseline","enforce-version":"v1.22","audit":"restricted","warn":"restricted","warn-version":"v1.99"},
		"exemptions":{"namespaces":["ns-1","ns-3"],"runtimeClasses":["gvisor"]}}`,
}

var errLookup = errors.New(`namespaces "gone" not found`)

// newWorld makes a world with the configuration on an API server of the minor.
func newWorld(t testing.TB, config string, minor int) *world {
	t.Helper()
	w := &world{
		namespaces: map[string]map[string]string{}, pods: map[string][]*corev1.Pod{}, views: map[string][]admission.ExistingPod{},
		config: config, version: api.MajorMinorVersion(1, minor),
	}
	var emulated *api.Version
	if minor < newest {
		emulated = &w.version
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), emulated)
	if err != nil {
		t.Fatal(err)
	}
	configuration, err := load.LoadFromData([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	w.events.theirs.version = w.version
	w.theirs = &theirs.Admission{
		Configuration: configuration, Evaluator: evaluator, Metrics: upstreamsRecorder{&w.events.theirs}, NamespaceGetter: w, PodLister: w,
		PodSpecExtractor: theirs.DefaultPodSpecExtractor{},
	}
	if err := w.theirs.CompleteConfiguration(); err != nil {
		t.Fatal(err)
	}
	if err := w.theirs.ValidateConfiguration(); err != nil {
		t.Fatal(err)
	}

	ourConfig, err := admission.ParseConfig([]byte(config), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.ours, err = admission.New(admission.Options{
		Config: ourConfig, Evaluator: pss.Evaluator{Kubernetes: pss.V1(minor)}, Namespaces: w, Pods: w, Recorder: oursRecorder{&w.events.ours},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// add adds a namespace with pods.
func (w *world) add(name string, labels map[string]string, pods ...*corev1.Pod) {
	w.namespaces[name] = labels
	w.pods[name] = pods
	w.views[name] = nil
	for _, pod := range pods {
		view := typed.Pod(pod, workload.Options{Stored: true})
		w.views[name] = append(w.views[name], admission.ExistingPod{
			Name: pod.Name, Pod: &view.Pod, RuntimeClass: view.RuntimeClass,
		})
	}
}

// fill gives the world random namespaces.
func (w *world) fill(g *generate.Generator) {
	for i := range 8 {
		var pods []*corev1.Pod
		for range g.IntN(6) {
			pod := g.Pod()
			pod.Name = fmt.Sprintf("pod-%d", g.IntN(20))
			if g.IntN(2) == 0 {
				pod.OwnerReferences = []metav1.OwnerReference{{UID: types.UID(fmt.Sprint(g.IntN(2))), Controller: new(bool)}}
				*pod.OwnerReferences[0].Controller = true
			}
			pods = append(pods, pod)
			for range g.IntN(3) {
				replica := pod.DeepCopy()
				replica.Name = fmt.Sprintf("pod-%d", g.IntN(20))
				pods = append(pods, replica)
			}
		}
		w.add(fmt.Sprintf("ns-%d", i), randomLabels(g.Rand), pods...)
	}
}

// randomLabels makes labels of a namespace: none, a policy, or nonsense.
func randomLabels(r *rand.Rand) map[string]string {
	if r.IntN(8) == 0 {
		return nil
	}
	labels := map[string]string{"kubernetes.io/metadata.name": "x"}
	for _, key := range []string{pss.EnforceLabel, pss.AuditLabel, pss.WarnLabel} {
		if r.IntN(3) > 0 {
			labels[key] = pickLevel(r)
		}
		if r.IntN(3) == 0 {
			labels[key+"-version"] = pickVersion(r)
		}
	}
	return labels
}

func pickLevel(r *rand.Rand) string {
	levels := []string{"privileged", "privileged", "baseline", "restricted", "restricted", "baseline", "Restricted", "", "foo"}
	n := len(levels)
	if r.IntN(3) > 0 {
		n = 6 // valid ones
	}
	return levels[r.IntN(n)]
}

func pickVersion(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return []string{"", "v2", "v1.01", "1.25", "v1.99999999999999999999"}[r.IntN(5)]
	case 1:
		return "v1.99"
	case 2, 3, 4:
		return "latest"
	}
	return fmt.Sprintf("v1.%d", r.IntN(newest+1))
}

// GetNamespace is upstream's view of the namespaces.
func (w *world) GetNamespace(_ context.Context, name string) (*corev1.Namespace, error) {
	labels, ok := w.namespaces[name]
	if !ok {
		return nil, errLookup
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, nil
}

// Labels is Gabion's view of the namespaces.
func (w *world) Labels(_ context.Context, name string) (map[string]string, error) {
	labels, ok := w.Known(name)
	if !ok {
		return nil, errLookup
	}
	return labels, nil
}

// Known is Labels, as nobody has to be asked.
func (w *world) Known(name string) (map[string]string, bool) {
	labels, ok := w.namespaces[name]
	return labels, ok
}

// ListPods is upstream's view of the pods.
func (w *world) ListPods(_ context.Context, namespace string) ([]*corev1.Pod, error) {
	if _, ok := w.namespaces[namespace]; !ok {
		return nil, errLookup
	}
	return append([]*corev1.Pod(nil), w.pods[namespace]...), nil
}

// Pods is Gabion's view of the pods.
func (w *world) Pods(_ context.Context, namespace string) ([]admission.ExistingPod, error) {
	if _, ok := w.namespaces[namespace]; !ok {
		return nil, errLookup
	}
	return append([]admission.ExistingPod(nil), w.views[namespace]...), nil
}
