package psp

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
)

const simplifyCount = 1_000

// TestASimplifiedPolicyAdmitsWhatTheOriginalDidAndChangesLess asks Kubernetes for
// its judgement by both.
func TestASimplifiedPolicyAdmitsWhatTheOriginalDidAndChangesLess(t *testing.T) {
	t.Parallel()
	s := newTrial(t, simplifyCount)
	unchanged, changed, more := 0, 0, 0
	for n := s.first; n < s.first+s.count && !t.Failed(); n++ {
		r := newRandom(s.seed, n^7<<60)
		text, err := json.Marshal(r.policy())
		if err != nil {
			t.Fatal(err)
		}
		original := parse(t, text)
		all := r.one(2)
		simplified, steps := original.Simplify("0-p", all)
		copied, err := json.Marshal(simplified.Document())
		if err != nil {
			t.Fatal(err)
		}
		parse(t, copied) // the API server takes it
		checkLevels(t, original, simplified)
		if again, rest := simplified.Simplify("0-p", all); len(rest) > len(kept(steps)) || again.Name != "0-p" {
			t.Errorf("%s\nis simplified again: %+v", copied, rest)
		}
		before, after := newProvider(t, text), newProvider(t, copied)
		for range 20 {
			pod := r.stored(t, original)
			first, second := ask(t, before, internalPod(t, pod)), ask(t, after, internalPod(t, pod))
			switch {
			case first.admitted && !first.mutated:
				if unchanged++; !second.admitted || second.mutated {
					t.Errorf("policy %s\nsimplified %s\npod %s\nit was admitted unchanged, and now: admitted %v, mutated %v, %q",
						text, copied, pod, second.admitted, second.mutated, keys(second.errors))
				}
			case second.admitted && !second.mutated:
				more++
			}
			if second.admitted && !first.admitted && !saysMore(steps) {
				t.Errorf("policy %s\nsimplified %s\npod %s\nis admitted now, and nothing says so: %+v", text, copied, pod, steps)
			}
			if second.mutated && !first.mutated {
				t.Errorf("policy %s\nsimplified %s\npod %s\nis changed now", text, copied, pod)
			} else if first.mutated {
				changed++
			}
		}
		if t.Failed() {
			t.Logf("again: GABION_SEED=%d GABION_FIRST=%d GABION_COUNT=1", s.seed, n)
		}
	}
	t.Log(unchanged, changed, more)
	if s.count == simplifyCount && !t.Failed() && (unchanged < 200 || changed < 200 || more < 200) {
		t.Errorf("the pods are too much alike: %d unchanged, %d changed, %d admitted unchanged by the simplified policy only", unchanged, changed, more)
	}
}

func kept(steps []psp.Simplification) (found []psp.Simplification) {
	for _, s := range steps {
		if s.Kept {
			found = append(found, s)
		}
	}
	return found
}

// saysMore reports whether a copy is said to admit more than its original.
func saysMore(steps []psp.Simplification) bool {
	return slices.ContainsFunc(steps, func(s psp.Simplification) bool { return s.Then != "" })
}

// checkLevels demands that the standard has for the copy what it has for the
// original, unless that admits nothing: then it may have more.
func checkLevels(t *testing.T, original, simplified *psp.Policy) {
	t.Helper()
	a, err := original.Map(pss.V1(33))
	if err != nil {
		t.Fatal(err)
	}
	b, err := simplified.Map(pss.V1(33))
	if err != nil {
		t.Fatal(err)
	}
	if a.Literal != b.Literal && (admitsAny(original) || b.Literal < a.Literal) {
		t.Errorf("%+v\nguarantees %s, simplified %s", original, a.Literal, b.Literal)
	}
}
