package upgrade

import (
	"testing"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/upgrade"
	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/pss"
)

func TestEveryFlipIsExplainedByAChangeAndEveryPinKeepsTheVerdict(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 10_000)
	oldest, _ := upgrade.Oldest().Minor()
	newest, _ := pss.NewestVersion().Minor()
	var flips, pins, gated int
	for n := s.First; n < s.First+s.Count; n++ {
		p := newPod(t, toJSON(t, s.Generator(n).Pod()))
		r := s.Chooser(n)
		from := oldest + r.IntN(newest-oldest)
		to := from + 1 + r.IntN(newest-from)
		o := upgrade.Options{
			From: upgrade.Server{Release: pss.V1(from), UserNamespacesGate: r.IntN(4) == 0}, To: upgrade.Server{Release: pss.V1(to)},
			Defaults: pss.DefaultPolicy(),
		}
		o.To.UserNamespacesGate = o.From.UserNamespacesGate
		policy := pss.LevelVersion{Level: pss.Baseline + pss.Level(r.IntN(2)), Version: pss.Latest} //nolint:gosec // 0 or 1
		if r.IntN(3) == 0 {
			policy.Version = pss.V1(r.IntN(newest + 3))
		}
		o.Defaults.Enforce = policy
		view := &inventory.View{Pod: p.view}
		out, err := upgrade.Compute(&inventory.Inventory{Namespaces: []inventory.Namespace{{
			Name: "default", Pods: []inventory.Pod{{Name: "p", View: view}},
		}}}, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, flip := range append(append(append([]upgrade.Flip{}, out.Denied...), out.Allowed...), out.IfGate...) {
			flips++
			for _, cause := range flip.Causes {
				if cause.Change.Control != cause.Control {
					t.Fatalf("%s: v1.%d to v1.%d (%+v): nothing explains %s\n%s", policy, from, to, o.From, cause.Control, p.json)
				}
			}
		}
		gated += len(out.IfGate)
		for _, flip := range append(append([]upgrade.Flip{}, out.Denied...), out.Allowed...) {
			if !flip.Pin.Valid() {
				continue
			}
			pins++
			before, err := o.From.Judge(&p.view, policy)
			if err != nil {
				t.Fatal(err)
			}
			after, err := o.To.Judge(&p.view, pss.LevelVersion{Level: policy.Level, Version: flip.Pin})
			if err != nil || (len(before) == 0) != (len(after) == 0) {
				t.Fatalf("%s: v1.%d to v1.%d (%+v): pinned to %s it fails %v, and before %v (%v)\n%s",
					policy, from, to, o.From, flip.Pin, after, before, err, p.json)
			}
		}
	}
	t.Logf("%d flips, %d of them kept by a pin, %d if the gate was on", flips, pins, gated)
	if s.Count >= 1000 && (flips == 0 || pins == 0 || gated == 0) {
		t.Error("the pods show too little")
	}
}
