package psp

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/patch"
	"github.com/gabion-security/gabion/pss"
)

// Rewrite is what a pod has to say itself to come out as a policy made it.
type Rewrite struct {
	// Changes are the settings, none if the pod says all of it.
	Changes []Change
	// Patch is the same as a strategic merge patch of the pod, nil for none.
	Patch json.RawMessage
	// Pod is the pod with them, as the Pod Security Standards see it.
	Pod *pss.Pod
}

// Rewrite returns what a pod that was admitted has to say itself. The error says
// that it cannot be told.
//
// Policies named seccomp profiles in an annotation, which means nothing from
// Kubernetes 1.27 on; the pod says it in the field.
func (r *Result) Rewrite() (*Rewrite, error) {
	if r.before == nil {
		return nil, fmt.Errorf("the pod was not admitted: %s", r.Message)
	}
	after := r.after.DeepCopy()
	if _, own := r.before.Annotations[seccompPod]; !own && after.Annotations[seccompPod] != "" {
		if after.Spec.SecurityContext == nil {
			after.Spec.SecurityContext = &corev1.PodSecurityContext{}
		}
		syncSeccomp(after)
		delete(after.Annotations, seccompPod)
	}
	to := &Rewrite{Changes: Changes(r.before, after)}
	for i := range to.Changes {
		if c := &to.Changes[i]; c.Path == "metadata.annotations["+seccompPod+"]" {
			*c = Change{"spec.securityContext.seccompProfile", shown(podContext(r.before).SeccompProfile), shown(podContext(after).SeccompProfile)}
		}
	}
	var err error
	if to.Pod, err = storedView(after); err != nil {
		return nil, err
	}
	a, err := treeOf(r.before)
	if err != nil {
		return nil, err
	}
	b, err := treeOf(after)
	if err != nil {
		return nil, err
	}
	if change := patch.Strategic(a, b); len(to.Changes) > 0 && change != nil {
		to.Patch, err = json.Marshal(change)
	}
	return to, err
}

// storedView returns a pod as the Pod Security Standards see it once it is stored.
func storedView(pod *corev1.Pod) (*pss.Pod, error) {
	stored := pod.DeepCopy()
	stored.APIVersion, stored.Kind = "v1", "Pod" // a template has neither
	if stored.Spec.SecurityContext == nil {
		stored.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	syncSeccomp(stored)
	return view(stored)
}
