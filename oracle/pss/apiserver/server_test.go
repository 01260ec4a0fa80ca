package apiserver

import (
	"encoding/json"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/upstream"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"

	_ "k8s.io/kubernetes/pkg/apis/apps/install"  // registers defaulting
	_ "k8s.io/kubernetes/pkg/apis/batch/install" // registers defaulting
	_ "k8s.io/kubernetes/pkg/apis/core/install"  // registers defaulting
)

// created returns what the API server makes of a new pod before admission, in
// its internal form.
func created(t *testing.T, pod *corev1.Pod) *core.Pod {
	t.Helper()
	pod = pod.DeepCopy()
	legacyscheme.Scheme.Default(pod)
	var internal core.Pod
	if err := legacyscheme.Scheme.Convert(pod, &internal, nil); err != nil {
		t.Fatal(err)
	}
	podregistry.Strategy.PrepareForCreate(t.Context(), &internal)
	return &internal
}

// external turns a pod back into the form in which it is admitted.
func external(t *testing.T, internal *core.Pod) *corev1.Pod {
	t.Helper()
	var pod corev1.Pod
	if err := legacyscheme.Scheme.Convert(internal, &pod, nil); err != nil {
		t.Fatal(err)
	}
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	return &pod
}

// readJSON reads an object with one template by way of Gabion's JSON reader.
func readJSON(t *testing.T, data []byte, o workload.Options) workload.Template {
	t.Helper()
	reader, err := workload.NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	item := reader.ReadObject(data)
	if item.Outcome != workload.Read || len(item.Templates) != 1 {
		t.Fatalf("outcome %v (%v), %d templates in %s", item.Outcome, item.Err, len(item.Templates), data)
	}
	return item.Templates[0]
}

// defaulted returns a copy of an object with the API server's defaulting.
func defaulted(object runtime.Object) runtime.Object {
	object = object.DeepCopyObject()
	legacyscheme.Scheme.Default(object)
	return object
}

// judge is both judges for a few versions of the standard.
type judge struct {
	theirs   *upstream.Judge
	policies []pss.LevelVersion
}

func newJudge(t *testing.T) judge {
	t.Helper()
	theirs, err := upstream.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	j := judge{theirs: theirs}
	for _, version := range []pss.Version{pss.Latest, pss.V1(0), pss.V1(20), pss.V1(30)} {
		j.policies = append(j.policies,
			pss.LevelVersion{Level: pss.Baseline, Version: version}, pss.LevelVersion{Level: pss.Restricted, Version: version})
	}
	return j
}

// compare holds Gabion's verdicts on a view of a manifest against upstream's on
// what the API server made of the manifest.
func (j judge) compare(t *testing.T, manifest any, view *pss.Pod, meta *metav1.ObjectMeta, spec *corev1.PodSpec) {
	t.Helper()
	for _, lv := range j.policies {
		policy := upstream.LevelVersion(lv)
		theirs, err := j.theirs.Judge(policy, j.theirs.Active(policy), meta, spec)
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := pss.Evaluator{}.Evaluate(view, lv)
		if err != nil {
			t.Fatal(err)
		}
		if ours := upstream.Gabion(verdict); !ours.Equal(theirs) {
			t.Fatalf("at %s\nupstream: %s\ngabion:   %s\nmanifest: %s\ndefaulted: %s", lv, theirs, ours, toJSON(t, manifest), toJSON(t, spec))
		}
	}
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
