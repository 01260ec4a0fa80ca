package apiserver

import (
	"slices"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// view is Gabion's view of a manifest: of every other one by way of JSON.
func view(t *testing.T, n uint64, object runtime.Object, o workload.Options) workload.Template {
	t.Helper()
	if n%2 == 0 {
		v, err := typed.Object(object, o)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return readJSON(t, toJSON(t, object), o)
}

func TestPodManifestsAreJudgedAsTheAPIServerJudgesTheCreatedPod(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 10_000)
	j := newJudge(t)
	s.Each(t, func(t *testing.T, n uint64) {
		pod := s.Generator(n).AppArmorProne().Pod()
		admitted := external(t, created(t, pod))
		raw := view(t, n, pod, workload.Options{})
		j.compare(t, pod, &raw.Pod, &admitted.ObjectMeta, &admitted.Spec)
		sameView(t, pod, admitted)
		stored := view(t, n, admitted, workload.Options{Stored: true})
		j.compare(t, admitted, &stored.Pod, &admitted.ObjectMeta, &admitted.Spec)
		undefaulted := view(t, n, pod, workload.Options{Stored: true})
		j.compare(t, pod, &undefaulted.Pod, &pod.ObjectMeta, &pod.Spec)
	})
}

// sameView holds Gabion's view of a manifest, defaulted by Gabion, against that of
// the pod that the API server made of it: verdicts do not tell all profiles
// apart.
func sameView(t *testing.T, manifest, admitted *corev1.Pod) {
	t.Helper()
	got := typed.Pod(manifest, workload.Options{Extra: true})
	want := typed.Pod(admitted, workload.Options{Extra: true, Stored: true})
	for i := range want.Pod.Containers {
		// Nothing but Default, which is as good as nothing.
		if !got.Pod.Containers[i].ProcMount.Set && want.Pod.Containers[i].ProcMount.Is(string(corev1.DefaultProcMount)) {
			want.Pod.Containers[i].ProcMount = got.Pod.Containers[i].ProcMount
		}
		a, b := got.Extra.Containers[i].SecurityContext, want.Extra.Containers[i].SecurityContext
		if a != b {
			t.Fatalf("container %d has %+v, Gabion makes it %+v: %s", i, b, a, toJSON(t, manifest))
		}
	}
	if diff := cmp.Diff(want.Pod, got.Pod, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the API server (-), Gabion (+):\n%s\n%s", diff, toJSON(t, manifest))
	}
}

func TestTemplateManifestsAreJudgedAsTheAPIServerJudgesTheCreatedObject(t *testing.T) {
	t.Parallel()
	kinds := slices.DeleteFunc(generate.Kinds(), func(kind string) bool { return kind == "Pod" })
	s := trial.New(t, 10_000)
	j := newJudge(t)
	s.Each(t, func(t *testing.T, n uint64) {
		object := s.Generator(n).AppArmorProne().Object(kinds[n/2%uint64(len(kinds))])
		raw := view(t, n, object, workload.Options{})
		template := generate.TemplateOf(defaulted(object))
		j.compare(t, object, &raw.Pod, &template.ObjectMeta, &template.Spec)
		undefaulted := view(t, n, object, workload.Options{Stored: true})
		template = generate.TemplateOf(object)
		j.compare(t, object, &undefaulted.Pod, &template.ObjectMeta, &template.Spec)
	})
}

func TestDefaultingIsAppliedToPodsOnceAndTemplatesAreLeftAlone(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		HostNetwork: true,
		Volumes:     []corev1.Volume{{Name: "v"}},
		Containers:  []corev1.Container{{Name: "c", Ports: []corev1.ContainerPort{{ContainerPort: 80}}}},
	}}
	pod.Annotations = map[string]string{corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix + "c": "unconfined"}
	admitted := external(t, created(t, pod))
	c := admitted.Spec.Containers[0]
	if c.Ports[0].HostPort != 80 || c.SecurityContext == nil || c.SecurityContext.AppArmorProfile == nil ||
		admitted.Spec.Volumes[0].EmptyDir == nil {
		t.Fatalf("the API server's own code did not default %s", toJSON(t, admitted))
	}
}
