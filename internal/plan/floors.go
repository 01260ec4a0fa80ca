package plan

import (
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// floors adds what pods have to meet whatever the labels say, and the units that do
// not. Of units that the labels refuse, too, only what is new is added.
func (j *judge) floors(n *Namespace, ns *inventory.Namespace, units []unit) error {
	if j.Floors == nil {
		return nil
	}
	own := *j
	own.levels = map[pss.Version]map[*inventory.View]judged{}
	n.Floors, own.except = j.Floors(ns)
	for _, f := range n.Floors {
		if f.Policy == n.Current.Enforce {
			continue
		}
		blockers, err := own.atRisk(units, nil, f.Policy)
		if err != nil {
			return err
		}
		for _, b := range blockers {
			n.AtRisk = withBlocker(n.AtRisk, b)
		}
	}
	return nil
}

// withBlocker adds a blocker to others, or what is new in it to the one of its object.
func withBlocker(all []Blocker, b Blocker) []Blocker {
	i := slices.IndexFunc(all, func(have Blocker) bool { return have.Object == b.Object && have.Seen == 0 })
	if i < 0 || b.Object == (workload.Object{}) {
		return append(all, b)
	}
	have := &all[i]
	have.Failing = max(have.Failing, b.Failing)
	for _, v := range b.Violations {
		if !slices.ContainsFunc(have.Violations, func(o Violation) bool {
			return o.Control == v.Control && o.Origin == v.Origin && o.Profile == v.Profile
		}) {
			have.Violations = append(have.Violations, v)
		}
	}
	return all
}
