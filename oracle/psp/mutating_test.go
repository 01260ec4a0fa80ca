package psp

import (
	"encoding/json"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/psp"
)

const seccompPod = "seccomp.security.alpha.kubernetes.io/pod"

// TestWhatAPolicyChangesIsForeseenAndFoundAgain holds what is said of a policy,
// and what is found by comparing a pod with its template, against what Kubernetes
// did to the pod.
func TestWhatAPolicyChangesIsForeseenAndFoundAgain(t *testing.T) {
	t.Parallel()
	s := newTrial(t, 1_000)
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
			// That annotation says again what a field says, and is no change.
			mutated := theirs.mutated
			if len(result.Patch) == 1 && theirs.pod.Annotations[seccompPod] != "" && made.Annotations[seccompPod] == "" {
				mutated = made.Spec.SecurityContext == nil || made.Spec.SecurityContext.SeccompProfile == nil
			}
			if mutated && len(policy.Mutates()) == 0 {
				t.Errorf("policy %s\nmutates %s", text, before)
			}
			after := new(corev1.Pod)
			if err := json.Unmarshal(apply(t, result.Patch, before), after); err != nil {
				t.Fatal(err)
			}
			if found := psp.Changes(made, after); (len(found) > 0) != mutated {
				t.Errorf("policy %s\npod %s\nmutated %v, found %+v", text, before, mutated, found)
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
	if s.count == 1_000 && !t.Failed() && (changed < 500 || unchanged < 200) {
		t.Errorf("the pods are too much alike: %d changed, %d did not", changed, unchanged)
	}
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
