package psp

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/gabion-security/gabion/internal/psp"
)

const rewriteCount = 800

// TestAPodThatSaysWhatAPolicyMadeOfItIsAdmittedUnchanged patches pods as kubectl
// does and asks Kubernetes again.
func TestAPodThatSaysWhatAPolicyMadeOfItIsAdmittedUnchanged(t *testing.T) {
	t.Parallel()
	s := newTrial(t, rewriteCount)
	patched, unpatched := 0, 0
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^9<<60)
		text, err := json.Marshal(r.policy())
		if err != nil {
			t.Fatal(err)
		}
		provider, simulator := newProvider(t, text), psp.NewSimulator([]*psp.Policy{parse(t, text)}, nil)
		for range 20 {
			pod := r.pod()
			valid(pod)
			withoutStrayProfiles(pod)
			written, err := json.Marshal(pod)
			if err != nil {
				t.Fatal(err)
			}
			written = withEmptyLists(written)
			made := new(corev1.Pod)
			if err := json.Unmarshal(written, made); err != nil {
				t.Fatal(err)
			}
			result, err := simulator.Simulate(psp.Request{Namespace: "ns", Pod: made})
			if err != nil {
				t.Fatal(err)
			}
			rewrite, err := result.Rewrite()
			if !result.Admitted {
				if err == nil {
					t.Error("a pod that was refused has to say something")
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if (len(rewrite.Changes) == 0) != (rewrite.Patch == nil) {
				t.Errorf("changes %+v, but the patch is %s", rewrite.Changes, rewrite.Patch)
			}
			if rewrite.Patch == nil {
				unpatched++
				rewrite.Patch = []byte("{}")
			} else {
				patched++
			}
			rewritten, err := strategicpatch.StrategicMergePatch(written, rewrite.Patch, corev1.Pod{})
			if err != nil {
				t.Fatal(err)
			}
			before := internalPod(t, rewritten)
			if a := ask(t, provider, before); !a.admitted || changedBeyondAnnotation(before, a.pod) {
				t.Errorf("policy %s\npod %s\npatch %s\nrewritten %s\nadmitted %v, mutated %v, %q",
					text, written, rewrite.Patch, rewritten, a.admitted, a.mutated, keys(a.errors))
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	if s.count == rewriteCount && !t.Failed() && (patched < 500 || unpatched < 50) {
		t.Errorf("the pods are too much alike: %d patched, %d not", patched, unpatched)
	}
}

// TestThePolicyThatBypassesTheOthersIsChosenAndChangesNothing also has pods that
// every policy changes, in the annotation for seccomp.
func TestThePolicyThatBypassesTheOthersIsChosenAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newTrial(t, 300)
	text, err := json.Marshal(psp.Bypass().Document())
	if err != nil {
		t.Fatal(err)
	}
	bypass, provider := parse(t, text), newProvider(t, text)
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^11<<60)
		other := r.policy()
		other.Name = "0-p"
		encoded, err := json.Marshal(other)
		if err != nil {
			t.Fatal(err)
		}
		simulator := psp.NewSimulator([]*psp.Policy{parse(t, encoded), bypass}, nil)
		for range 10 {
			pod := r.pod()
			valid(pod)
			written, err := json.Marshal(pod)
			if err != nil {
				t.Fatal(err)
			}
			before := internalPod(t, written)
			if a := ask(t, provider, before); !a.admitted || changedBeyondAnnotation(before, a.pod) {
				t.Errorf("pod %s: admitted %v, mutated %v, %q", written, a.admitted, a.mutated, keys(a.errors))
			}
			made := new(corev1.Pod)
			if err := json.Unmarshal(written, made); err != nil {
				t.Fatal(err)
			}
			result, err := simulator.Simulate(psp.Request{Namespace: "ns", Pod: made})
			if err != nil {
				t.Fatal(err)
			}
			if result.Policy != psp.BypassName && len(result.Patch) > 0 {
				t.Errorf("policy %s\npod %s\nis chosen and changes it: %+v", encoded, written, result.Patch)
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
}
