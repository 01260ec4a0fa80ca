package guard

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// policies are all levels at all versions.
func policies() []pss.LevelVersion {
	var all []pss.LevelVersion
	for _, level := range pss.Levels() {
		for v := pss.V1(0); v <= pss.NewestVersion(); v++ {
			all = append(all, pss.LevelVersion{Level: level, Version: v})
		}
	}
	return all
}

// matrix is every policy compared with every other.
var matrix = sync.OnceValue(func() [][]difference {
	all := policies()
	m := make([][]difference, len(all))
	for i := range all {
		for j := range all {
			m[i] = append(m[i], compare(all[i], all[j]))
		}
	}
	return m
})

func TestAHigherLevelOrANewerVersionLosesNothing(t *testing.T) {
	t.Parallel()
	all := policies()
	for i, row := range matrix() {
		for j, d := range row {
			a, b := all[i], all[j]
			switch {
			case a.Level <= b.Level && a.Version <= b.Version && len(d.lost) > 0:
				t.Errorf("from %s to %s, %v are lost", a, b, d.lost)
			case a.Level <= b.Level && a.Version == b.Version && len(d.relaxed) > 0:
				t.Errorf("from %s to %s, %v are relaxed", a, b, d.relaxed)
			case a.Level > b.Level && a.Version == b.Version && len(d.lost) == 0:
				t.Errorf("from %s to %s, nothing is lost", a, b)
			}
		}
	}
}

// TestNothingIsLostInSteps: what is lost from one policy to another is lost on
// every way between them, so that a lock is passed by no detour.
func TestNothingIsLostInSteps(t *testing.T) {
	t.Parallel()
	all := policies()
	m := matrix()
	for i := range all {
		for j := range all {
			for k := range all {
				if len(m[i][k].lost) > 0 && len(m[i][j].lost)+len(m[j][k].lost) == 0 {
					t.Fatalf("from %s to %s, %v are lost, but not by way of %s", all[i], all[k], m[i][k].lost, all[j])
				}
			}
		}
	}
}

// TestNoDetourLeadsBelowAFloor: the step of any way by which a policy comes to lie
// below the floor is one that loses something.
func TestNoDetourLeadsBelowAFloor(t *testing.T) {
	t.Parallel()
	all := policies()
	m := matrix()
	for f := range all {
		for i := range all {
			for j := range all {
				if len(m[f][i].lost) == 0 && len(m[f][j].lost) > 0 && len(m[i][j].lost) == 0 {
					t.Fatalf("from %s to %s nothing is lost, but only the second is below %s", all[i], all[j], all[f])
				}
			}
		}
	}
}

// random returns labels as somebody might set them.
func random(r *rand.Rand) map[string]string {
	labels := map[string]string{}
	for _, key := range []string{pss.EnforceLabel, pss.AuditLabel, pss.WarnLabel} {
		if r.IntN(3) > 0 {
			labels[key] = []string{"privileged", "baseline", "restricted", "strict"}[r.IntN(4)]
		}
	}
	for _, key := range []string{pss.EnforceVersionLabel, pss.AuditVersionLabel, pss.WarnVersionLabel} {
		if r.IntN(3) == 0 {
			labels[key] = []string{"latest", "v1.0", "v1.19", "v1.24", "v1.30", "v1.35", "v1.99", "1.30"}[r.IntN(8)]
		}
	}
	if r.IntN(2) == 0 {
		labels["team"] = []string{"a", "b"}[r.IntN(2)]
	}
	return labels
}

// guards are some guards that refuse.
func guards(t *testing.T) []*Guard {
	t.Helper()
	var all []*Guard
	for name, spec := range map[string]v1alpha1.PodSecurityGuardSpec{
		"floor":   {Floor: &v1alpha1.Floor{Enforce: "baseline"}},
		"floors":  {Floor: &v1alpha1.Floor{Enforce: "restricted:v1.30", Audit: "restricted", Warn: "baseline:v1.20"}},
		"lock":    {Lock: true},
		"guarded": {Floor: &v1alpha1.Floor{Enforce: "restricted"}, NewerVersions: v1alpha1.NewerGuarded},
	} {
		spec.Action, spec.Namespaces.All = v1alpha1.GuardDeny, true
		g := &v1alpha1.PodSecurityGuard{Spec: spec}
		g.Name = name
		compiled, err := Compile(g)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, compiled)
	}
	return all
}

// TestTheOrderOfGuardsDoesNotMatter, and they refuse together what any refuses
// alone.
func TestTheOrderOfGuardsDoesNotMatter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	all := guards(t)
	for range 1000 {
		c := Change{Name: "n", Before: random(r), After: random(r), Defaults: pss.DefaultPolicy()}
		if r.IntN(4) == 0 {
			c.Evaluator.Kubernetes = pss.V1(28 + r.IntN(12))
		}
		refused := false
		for _, g := range all {
			alone, _ := NewSet([]*Guard{g}, nil)
			refused = refused || len(alone.Judge(c).Weakenings) > 0
		}
		var texts [][]string
		for range 3 {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			s, err := NewSet(all, nil)
			if err != nil {
				t.Fatal(err)
			}
			var text []string
			for _, w := range s.Judge(c).Weakenings {
				text = append(text, w.String())
			}
			texts = append(texts, text)
		}
		if !slices.Equal(texts[0], texts[1]) || !slices.Equal(texts[0], texts[2]) || refused != (len(texts[0]) > 0) {
			t.Fatalf("%v to %v: %v (one alone refuses: %v)", c.Before, c.After, texts, refused)
		}
	}
}

// TestNoTwoChangesOfLabelsLeadBelowAFloor takes a namespace from above the floors,
// by any labels, to below one.
func TestNoTwoChangesOfLabelsLeadBelowAFloor(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	s, err := NewSet(guards(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	floor := map[string]string{
		pss.EnforceLabel: "restricted", pss.AuditLabel: "restricted", pss.WarnLabel: "restricted",
	}
	tried := 0
	for range 4000 {
		by, to := random(r), random(r)
		refused := func(before, after map[string]string) bool {
			return len(s.Judge(Change{Name: "n", Before: before, After: after, Defaults: pss.DefaultPolicy()}).Weakenings) > 0
		}
		if refused(floor, to) {
			tried++
			if !refused(floor, by) && !refused(by, to) {
				t.Fatalf("%v is refused, but not by way of %v", to, by)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d changes were refused", tried)
	}
}
