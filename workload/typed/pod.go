package typed

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pod reads a pod, which must not be nil. The view shares strings with the pod,
// but no memory that changes when the pod does.
func Pod(pod *corev1.Pod, o workload.Options) workload.Template {
	return read(&pod.ObjectMeta, &pod.Spec, o, true)
}

// Template reads a pod template, given by its metadata and spec, neither of
// them nil. The API server applies less defaulting to it than to a Pod.
func Template(meta *metav1.ObjectMeta, spec *corev1.PodSpec, o workload.Options) workload.Template {
	return read(meta, spec, o, false)
}

func read(meta *metav1.ObjectMeta, spec *corev1.PodSpec, o workload.Options, isPod bool) workload.Template {
	podDefaults := isPod && !o.Stored
	t := workload.Template{Pod: pss.Pod{
		Annotations: annotations(meta.Annotations),
		HostUsers:   opt(spec.HostUsers),
		HostNetwork: spec.HostNetwork,
		HostPID:     spec.HostPID,
		HostIPC:     spec.HostIPC,
		Volumes:     volumes(spec.Volumes, o.Stored),
		Containers:  containers(spec, podDefaults && spec.HostNetwork),
	}}
	if spec.OS != nil {
		t.Pod.OS = string(spec.OS.Name)
	}
	if spec.RuntimeClassName != nil {
		t.RuntimeClass = *spec.RuntimeClassName
	}
	if sc := spec.SecurityContext; sc != nil {
		t.Pod.SecurityContext = podSecurityContext(sc)
		for i := range sc.Sysctls {
			t.Pod.Sysctls = append(t.Pod.Sysctls, sc.Sysctls[i].Name)
		}
	}
	if o.Extra {
		t.Extra = extra(spec)
		t.Extra.PodSecurityPolicy = meta.Annotations[workload.PodSecurityPolicyAnnotation]
		if len(meta.Labels) > 0 {
			t.Extra.Labels = maps.Clone(meta.Labels)
		}
	}
	if podDefaults {
		workload.DefaultAppArmor(&t.Pod, podLocalhost(spec), t.Extra)
	}
	return t
}

// podLocalhost returns the name of the pod's own AppArmor profile on the node.
func podLocalhost(spec *corev1.PodSpec) pss.Opt[string] {
	if spec.SecurityContext == nil || spec.SecurityContext.AppArmorProfile == nil {
		return pss.Opt[string]{}
	}
	return opt(spec.SecurityContext.AppArmorProfile.LocalhostProfile)
}

// annotations returns those that controls read, sorted by key.
func annotations(all map[string]string) []pss.Annotation {
	var relevant []pss.Annotation
	for key, value := range all {
		if key == pss.SeccompPodAnnotation || strings.HasPrefix(key, pss.AppArmorAnnotationPrefix) ||
			strings.HasPrefix(key, pss.SeccompContainerAnnotationPrefix) {
			relevant = append(relevant, pss.Annotation{Key: key, Value: value})
		}
	}
	slices.SortFunc(relevant, func(a, b pss.Annotation) int { return cmp.Compare(a.Key, b.Key) })
	return relevant
}

// opt returns the setting that a pointer stands for.
func opt[T comparable](p *T) pss.Opt[T] {
	if p == nil {
		return pss.Opt[T]{}
	}
	return pss.Some(*p)
}
