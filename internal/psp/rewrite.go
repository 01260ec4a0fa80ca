package psp

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

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
	if patch := merging(a, b); len(to.Changes) > 0 && patch != nil {
		to.Patch, err = json.Marshal(patch)
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

// merging returns the strategic merge patch that makes b of a, nil if they are
// the same. Items of lists are merged by their names.
func merging(a, b any) any {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	switch to := b.(type) {
	case map[string]any:
		from, _ := a.(map[string]any)
		patch := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(to)) {
			if old, ok := from[key]; !ok {
				patch[key] = to[key]
			} else if change := merging(old, to[key]); change != nil {
				patch[key] = change
			}
		}
		return patch
	case []any:
		from, _ := a.([]any)
		if len(from) != len(to) || len(to) == 0 || !isObjects(to) {
			return b
		}
		var patch []any
		for i := range to {
			change, _ := merging(from[i], to[i]).(map[string]any)
			if change == nil {
				continue
			}
			change["name"] = to[i].(map[string]any)["name"] //nolint:forcetypeassert // they are objects
			patch = append(patch, change)
		}
		return patch
	}
	return b
}
