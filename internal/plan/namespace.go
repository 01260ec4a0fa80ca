package plan

import (
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// namespace plans one namespace.
func (j *judge) namespace(ns *inventory.Namespace, g *inventory.Gaps) (Namespace, error) {
	n := Namespace{
		Name: ns.Name, System: inventory.System(ns.Name), Stated: ns.Stated,
		Exempt:        j.ExemptNamespace != nil && j.ExemptNamespace(ns.Name),
		OptedOut:      inventory.OptedOut(ns.Labels),
		CurrentLabels: policyLabels(ns.Labels), Gaps: g.In[ns.Name],
		Pods: len(ns.Pods), Workloads: len(ns.Workloads),
	}
	n.Current, n.Invalid = pss.PolicyFromLabels(ns.Labels, j.Defaults)
	j.shown(&n)
	if n.Exempt {
		n.Labels, n.Strictest = map[string]string{}, pss.Restricted
		return n, nil
	}
	units := unitsOf(ns)
	n.Gaps = append(n.Gaps[:len(n.Gaps):len(n.Gaps)], ns.UnseenPods()...)
	if !n.Stated {
		n.Gaps = append(n.Gaps, "the Namespace itself was not seen, and so its labels are not known")
	}
	refused := j.profiles(&n, ns, units)
	n.Incomplete = !j.AllowIncomplete && len(n.Gaps)+len(g.Everywhere) > 0
	if err := j.fill(&n, units, j.observed(&n, ns, units)); err != nil {
		return n, err
	}
	if err := j.floors(&n, ns, units); err != nil {
		return n, err
	}
	for _, b := range refused {
		n.AtRisk = withBlocker(n.AtRisk, b)
	}
	return n, nil
}

// fill judges the units and decides what to do.
func (j *judge) fill(n *Namespace, units []unit, observed []observation) error {
	var err error
	if n.Strictest, err = j.all(units, j.Pin); err != nil {
		return err
	}
	if n.Strictest < j.Target && len(observed) == 0 {
		if n.Older, err = j.older(units, n.Strictest); err != nil {
			return err
		}
	}
	for _, o := range observed {
		n.Strictest = min(n.Strictest, o.bears)
	}
	running, err := j.running(units, j.Pin)
	if err != nil {
		return err
	}
	enforce := j.now(n, running)
	if n.Stated { // else nobody knows what is enforced
		if n.AtRisk, err = j.atRisk(units, observed, n.Current.Enforce); err != nil {
			return err
		}
	}
	return j.steps(n, units, observed, enforce)
}

// steps adds the levels that come after what is enforced.
func (j *judge) steps(n *Namespace, units []unit, observed []observation, enforce pss.LevelVersion) error {
	first := n.Strictest + 1
	if len(n.Labels) == 0 || n.Incomplete { // even what everything seen meets is still to come
		first = pss.Baseline
	}
	for level := first; level <= j.Target; level++ {
		lv := pss.LevelVersion{Level: level, Version: j.Pin}
		if j.atLeast(enforce, lv) || !j.atLeast(lv, n.Current.Enforce) {
			continue
		}
		blockers, err := j.blockers(units, lv)
		if err != nil {
			return err
		}
		for _, o := range observed {
			if o.bears < level {
				blockers = append(blockers, o.blocker)
			}
		}
		n.Steps = append(n.Steps, Step{Enforce: lv, Labels: j.labelsFor(n, lv), Blockers: blockers})
	}
	return nil
}

// shown takes over what the audit log shows to be enforced in a namespace that
// does not say so itself: the defaults are only assumed.
func (j *judge) shown(n *Namespace) {
	if j.Observed == nil || !j.Assumed || n.Labelled() || !n.Stated {
		return
	}
	lv, ok := j.Observed.enforced(n.Name)
	if ok && !j.atLeast(n.Current.Enforce, lv) {
		n.Shown, n.Current.Enforce = lv, lv
	}
}
