package psp

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	jsonpatch "github.com/evanphx/json-patch"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	corev1conversion "k8s.io/kubernetes/pkg/apis/core/v1"

	"github.com/gabion-security/gabion/internal/psp"
)

const (
	policyCount   = 2_040
	podsPerPolicy = 50
)

// tally counts what has occurred: a test of what never does proves nothing.
type tally struct {
	sync.Mutex

	pairs, admitted, mutated int
	errors                   map[string]bool
}

func TestRandomPodsGetWhatKubernetesGaveThem(t *testing.T) {
	t.Parallel()
	s := newTrial(t, policyCount)
	seen := &tally{errors: map[string]bool{}}
	parts := uint64(runtime.GOMAXPROCS(0)) //nolint:gosec // it is positive
	t.Run("policies", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprintf("part %d", part), func(t *testing.T) {
				t.Parallel()
				for n := s.first + part; n < s.first+s.count && !t.Failed(); n += parts {
					comparePolicy(t, newRandom(s.seed, n), seen)
					if t.Failed() {
						t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
					}
				}
			})
		}
	})
	t.Logf("%d pairs, %d admitted, %d of them mutated, %d different errors", seen.pairs, seen.admitted, seen.mutated, len(seen.errors))
	if s.count == policyCount && !t.Failed() {
		seen.check(t)
	}
}

// check demands that everything has occurred, and often.
func (s *tally) check(t *testing.T) {
	t.Helper()
	if least := policyCount * podsPerPolicy / 10; s.admitted-s.mutated < least/4 || s.mutated < least/4 || s.pairs-s.admitted < least {
		t.Errorf("the pods are too much alike: of %d, %d are admitted, %d of them mutated", s.pairs, s.admitted, s.mutated)
	}
	for _, want := range reasons() {
		if !slices.ContainsFunc(keys(s.errors), want.MatchString) {
			t.Errorf("no pod was refused for %s", want)
		}
	}
}

// comparePolicy compares a policy's answers for some pods.
func comparePolicy(t *testing.T, r random, seen *tally) {
	t.Helper()
	text, err := json.Marshal(r.policy())
	if err != nil {
		t.Fatal(err)
	}
	provider := newProvider(t, text)
	ours, unknown, err := psp.Parse(text)
	if err != nil || len(unknown) > 0 {
		t.Fatalf("reading %s: %v, unknown %v", text, err, unknown)
	}
	simulator := psp.NewSimulator([]*psp.Policy{ours}, nil)
	for range podsPerPolicy {
		pod, err := json.Marshal(r.pod())
		if err != nil {
			t.Fatal(err)
		}
		pod = withEmptyLists(pod)
		theirs := ask(t, provider, internalPod(t, pod))
		comparePod(t, text, pod, simulator, theirs, seen)
		compareAsIs(t, ours, text, pod, theirs)
		if t.Failed() {
			return
		}
	}
}

// comparePod compares the simulator's answer for one pod with Kubernetes'.
func comparePod(t *testing.T, policy, text []byte, s *psp.Simulator, theirs answer, seen *tally) {
	t.Helper()
	pod := new(corev1.Pod)
	if err := json.Unmarshal(text, pod); err != nil {
		t.Fatal(err)
	}
	before := pod.DeepCopy()
	ours, err := s.Simulate(psp.Request{Namespace: "ns", Pod: pod})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, e := range ours.Errors {
		got[e.Error()] = true
	}
	seen.count(theirs)
	mutated := len(ours.Patch) > 0
	if ours.Admitted != theirs.admitted || !sameKeys(got, theirs.errors) || theirs.admitted && mutated != theirs.mutated {
		t.Errorf("policy %s\npod %s\nadmitted %v, want %v\nmutated %v, want %v\nerrors %q\nwant   %q",
			policy, text, ours.Admitted, theirs.admitted, mutated, theirs.mutated, keys(got), keys(theirs.errors))
		return
	}
	if !reflect.DeepEqual(pod, before) {
		t.Errorf("the pod was changed: policy %s\npod %s", policy, text)
	}
	if theirs.admitted {
		comparePatch(t, policy, text, ours.Patch, theirs)
	}
}

// compareAsIs compares what a policy says of a pod that it may not change.
func compareAsIs(t *testing.T, p *psp.Policy, policy, text []byte, theirs answer) {
	t.Helper()
	pod := new(corev1.Pod)
	if err := json.Unmarshal(text, pod); err != nil {
		t.Fatal(err)
	}
	corev1conversion.SetObjectDefaults_Pod(pod)
	got := map[string]bool{}
	for _, e := range p.Validate(pod) {
		got[e.Error()] = true
	}
	if !sameKeys(got, theirs.asIs) {
		t.Errorf("policy %s\npod %s\nerrors of the pod as it is %q\nwant %q", policy, text, keys(got), keys(theirs.asIs))
	}
}

// comparePatch applies the patch to the pod as it was written, and has
// Kubernetes' API server make the same of the outcome as its policy did.
func comparePatch(t *testing.T, policy, text []byte, patch []psp.Operation, theirs answer) {
	t.Helper()
	patched := apply(t, patch, text)
	if got := internalPod(t, patched); !apiequality.Semantic.DeepEqual(got, theirs.pod) {
		t.Errorf("policy %s\npod %s\npatched to %s\nwant %#v", policy, text, patched, theirs.pod)
	}
}

// apply applies a patch to a pod as it was written.
func apply(t *testing.T, patch []psp.Operation, text []byte) []byte {
	t.Helper()
	if len(patch) == 0 {
		return text
	}
	encoded, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(encoded)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := decoded.Apply(text)
	if err != nil {
		t.Fatalf("pod %s\npatch %s: %v", text, encoded, err)
	}
	return patched
}

func sameKeys(a, b map[string]bool) bool { return slices.Equal(keys(a), keys(b)) }

func keys(m map[string]bool) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// count takes note of an answer.
func (s *tally) count(a answer) {
	s.Lock()
	defer s.Unlock()
	s.pairs++
	if a.admitted {
		s.admitted++
		if a.mutated {
			s.mutated++
		}
	}
	for _, errors := range []map[string]bool{a.errors, a.asIs} {
		maps.Copy(s.errors, errors)
	}
}
