package psp

import (
	"encoding/json"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	core "k8s.io/kubernetes/pkg/apis/core"

	"github.com/gabion-security/gabion/internal/psp"
)

const seccompPod = "seccomp.security.alpha.kubernetes.io/pod"

// TestWhatAPolicyChangesIsForeseenAndFoundAgain holds what is said of a policy,
// and what is found by comparing a pod with its template, against what Kubernetes
// did to the pod.
func TestWhatAPolicyChangesIsForeseenAndFoundAgain(t *testing.T) {
	t.Parallel()
	s := newTrial(t, 600)
	changed, unchanged := 0, 0
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^1<<61)
		text, err := json.Marshal(r.policy())
		if err != nil {
			t.Fatal(err)
		}
		policy, _, err := psp.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		simulator, provider := psp.NewSimulator([]*psp.Policy{policy}, nil), newProvider(t, text)
		for range 20 {
			before, err := json.Marshal(r.pod())
			if err != nil {
				t.Fatal(err)
			}
			made := new(corev1.Pod) // encoding forgets empty lists and the like
			if err := json.Unmarshal(before, made); err != nil {
				t.Fatal(err)
			}
			result, err := simulator.Simulate(psp.Request{Namespace: "ns", Pod: made})
			if err != nil {
				t.Fatal(err)
			}
			theirs := ask(t, provider, internalPod(t, before))
			if !theirs.admitted || twins(made) {
				continue
			}
			mutated := changedBeyondAnnotation(internalPod(t, before), theirs.pod)
			if mutated && len(policy.Mutates()) == 0 {
				t.Errorf("policy %s\nmutates %s", text, before)
			}
			after := new(corev1.Pod)
			if err := json.Unmarshal(apply(t, result.Patch, before), after); err != nil {
				t.Fatal(err)
			}
			if found := psp.Changes(made, after); (len(found) > 0) != mutated {
				t.Errorf("policy %s\npod %s\nmutated %v, found %+v", text, before, mutated, found)
			} else {
				for i := range found {
					if !policy.Sets(&found[i]) {
						t.Errorf("policy %s\npod %s\nsaid to be changed by something else: %+v", text, before, found[i])
					}
				}
			}
			if mutated {
				changed++
			} else {
				unchanged++
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	if s.count == 600 && !t.Failed() && (changed < 300 || unchanged < 100) {
		t.Errorf("the pods are too much alike: %d changed, %d did not", changed, unchanged)
	}
}

// changedBeyondAnnotation reports whether a pod was changed, but for the annotation
// that says of seccomp again what a field says.
func changedBeyondAnnotation(before, after *core.Pod) bool {
	after = after.DeepCopy()
	if old, had := before.Annotations[seccompPod]; before.Spec.SecurityContext.SeccompProfile != nil && old == "" {
		delete(after.Annotations, seccompPod)
		if had {
			after.Annotations[seccompPod] = ""
		}
	}
	return !apiequality.Semantic.DeepEqual(before, after)
}

// twins reports whether two containers have one name, which the API server does
// not take.
func twins(pod *corev1.Pod) bool {
	var names []string
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return len(slices.Compact(slices.Clone(names))) < len(names)
}
