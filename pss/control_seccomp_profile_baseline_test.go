package pss

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSeccompProfileBaseline(t *testing.T) {
	t.Parallel()
	seccomp := func(s string) SecurityContext { return SecurityContext{SeccompProfile: Some(s)} }
	const pod, container = SeccompPodAnnotation, SeccompContainerAnnotationPrefix
	annotations := []Annotation{{container + "a", "unconfined"}, {container + "other", "unconfined"}, {pod, ""}}
	testControl(t, "seccompProfile_baseline", []controlCase{
		{name: "unset and confined", pod: Pod{SecurityContext: seccomp("Localhost"), Containers: containers(Container{Name: "a"}, Container{Name: "b", SecurityContext: seccomp("RuntimeDefault")})}},
		{
			name: "fields since v1.19", version: V1(19),
			pod:  Pod{Annotations: annotations, SecurityContext: seccomp("Unconfined"), Containers: containers(Container{Name: "a", SecurityContext: seccomp("")})},
			want: `seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "", "Unconfined")`,
			findings: []string{
				"spec.securityContext.seccompProfile.type=Unconfined", "spec.containers[0].securityContext.seccompProfile.type=",
			},
		},
		{
			name: "annotations of containers that exist until v1.18", version: V1(18),
			pod:      Pod{Annotations: annotations, SecurityContext: seccomp("Unconfined"), Containers: containers(Container{Name: "a"}, Container{Name: "a"})},
			want:     `seccompProfile (forbidden annotations ` + container + `a="unconfined", ` + pod + `="")`,
			findings: []string{`metadata.annotations["` + pod + `"]=`, `metadata.annotations["` + container + `a"]=unconfined`, `metadata.annotations["` + container + `a"]=unconfined`},
		},
		{
			name: "confining annotations", version: V1(0),
			pod: Pod{Annotations: []Annotation{{container + "a", "docker/default"}, {container + "b", "localhost/x"}, {pod, "runtime/default"}},
				Containers: containers(Container{Name: "a"}, Container{Name: "b"})},
		},
		{name: "overridden at restricted since v1.19", level: Restricted, pod: Pod{SecurityContext: seccomp("Unconfined")}},
	})
}

// Annotations that are not sorted, or come twice, are against what Pod says; the first
// one counts all the same.
func TestTheFirstAnnotationOfAContainerIsFound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	prefixes := []string{SeccompContainerAnnotationPrefix, SeccompPodAnnotation, AppArmorAnnotationPrefix, "a", "z", SeccompPodAnnotation[:9]}
	name := func() string { return strings.Repeat("b", r.IntN(3)) + "abc"[:r.IntN(3)] }
	for range 5000 {
		var all []Annotation
		for range r.IntN(12) {
			all = append(all, Annotation{prefixes[r.IntN(len(prefixes))] + name(), ""})
		}
		if r.IntN(4) > 0 {
			slices.SortFunc(all, byKey)
		}
		sorted := slices.IsSortedFunc(all, byKey)
		for _, prefix := range prefixes[:2] {
			of := name()
			want := slices.IndexFunc(all, func(a Annotation) bool { return a.Key == prefix+of })
			if got := findAnnotation(all, sorted, prefix, of); got != want {
				t.Fatalf("%q is at %d, want %d, in %q", prefix+of, got, want, all)
			}
		}
	}
}

func TestAnAnnotatedPodThatPassesCostsNoAllocation(t *testing.T) {
	pod := compliant()
	for _, c := range pod.Containers {
		pod.Annotations = append(pod.Annotations, Annotation{SeccompContainerAnnotationPrefix + c.Name, "runtime/default"})
	}
	for name, annotations := range map[string][]Annotation{"not sorted": slices.Clone(pod.Annotations), "sorted": pod.Annotations} {
		if pod.Annotations = annotations; name == "sorted" {
			slices.SortFunc(pod.Annotations, byKey)
		}
		allocs := testing.AllocsPerRun(100, func() {
			if v, err := (Evaluator{}).Evaluate(pod, LevelVersion{Baseline, V1(18)}); err != nil || !v.Allowed() {
				t.Error("not allowed")
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
