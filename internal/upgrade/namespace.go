package upgrade

import (
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// computing is an [Outcome] that is being made.
type computing struct {
	options Options
	pair    pair
	// gated are the two servers with the feature gate, nil if they have it anyway.
	gated   *pair
	outcome *Outcome
}

// asked is a policy of a namespace with the modes that have it.
type asked struct {
	modes  []Mode
	policy pss.LevelVersion
	guards []string // whose floor it is
}

// policies returns what a namespace asks for, by weight of the mode, without what
// asks for nothing. Modes stand apart where something may be excepted in one only.
func policies(p pss.Policy, floors []Floor, apart bool) []asked {
	var all []asked
	add := func(mode Mode, lv pss.LevelVersion, guards []string) {
		if lv.Level == pss.Privileged {
			return
		}
		if i := slices.IndexFunc(all, func(a asked) bool { return a.policy == lv && (!apart || a.modes[0] == mode) }); i >= 0 {
			if slices.Contains(all[i].modes, mode) {
				return
			}
			all[i].modes = append(all[i].modes, mode)
			return
		}
		all = append(all, asked{[]Mode{mode}, lv, guards})
	}
	add(Enforce, p.Enforce, nil)
	for _, floor := range floors {
		add(Enforce, floor.Policy, floor.Guards)
	}
	add(Warn, p.Warn, nil)
	add(Audit, p.Audit, nil)
	return all
}

// namespace adds what changes in a namespace.
func (c *computing) namespace(ns *inventory.Namespace) error {
	out := c.outcome
	if c.options.Exemptions != nil && c.options.Exemptions.Namespace(ns.Name) {
		out.Exempt = append(out.Exempt, ns.Name)
		return nil
	}
	policy, errs := pss.PolicyFromLabels(ns.Labels, c.options.Defaults)
	if len(errs) > 0 {
		out.Invalid = append(out.Invalid, Invalid{ns.Name, errs})
	}
	labelled := isLabelled(ns.Labels)
	out.Namespaces++
	if !labelled {
		out.Unlabelled++
		if !ns.Stated {
			out.Unseen++
		}
	}
	var floors []Floor
	if c.options.Floors != nil {
		floors = c.options.Floors(ns)
	}
	var except Except
	if c.options.Exceptions != nil {
		except = c.options.Exceptions(ns)
	}
	all := policies(policy, floors, except != nil)
	for _, a := range all {
		before, after := c.pair.from.Resolve(a.policy.Version), c.pair.to.Resolve(a.policy.Version)
		if before != after {
			out.Moving = append(out.Moving, Moving{ns.Name, a.modes, a.policy, before, after, labelled, a.guards})
		}
	}
	for _, u := range units(ns) {
		out.Workloads++
		out.Templates += len(u.templates)
		out.Pods += len(u.pods)
		for _, a := range all {
			if err := c.unit(ns.Name, &u, a, except); err != nil {
				return err
			}
		}
	}
	return nil
}

// isLabelled reports whether a label is one that Pod Security admission reads.
func isLabelled(labels map[string]string) bool {
	for _, key := range []string{
		pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.AuditVersionLabel, pss.WarnLabel, pss.WarnVersionLabel,
	} {
		if _, ok := labels[key]; ok {
			return true
		}
	}
	return false
}

// unit adds what a policy makes of a workload.
func (c *computing) unit(namespace string, u *unit, a asked, except Except) error {
	flip := func() *Flip {
		return &Flip{Namespace: namespace, Modes: a.modes, Policy: a.policy, Object: u.object, AllPods: len(u.pods)}
	}
	denied, allowed, ifGate := flip(), flip(), flip()
	judge := func(view *inventory.View, note func(*Flip)) error {
		if c.options.Exemptions != nil && c.options.Exemptions.RuntimeClass(view.RuntimeClass) {
			return nil
		}
		s := subject{View: view}
		if except != nil {
			s.except = func(seen *pss.Pod, v pss.Verdict) pss.Verdict { return except(a.modes[0], view, seen, v) }
		}
		v, err := c.pair.judge(s, a.policy)
		if err != nil {
			return err
		}
		switch {
		case v.denied():
			denied.add(&c.pair, s, v, note)
		case v.allowed():
			allowed.add(&c.pair, s, v, note)
		}
		if c.gated == nil || v.denied() || !view.Pod.HostUsers.Is(false) {
			return nil
		}
		if v, err = c.gated.judge(s, a.policy); err == nil && v.denied() {
			ifGate.add(c.gated, s, v, note)
		}
		return err
	}
	for _, t := range u.templates {
		err := judge(t.View, func(f *Flip) {
			f.Templates = append(f.Templates, t.Path)
			f.Partial = f.Partial || t.Partial
		})
		if err != nil {
			return err
		}
	}
	for _, pod := range u.pods {
		if err := judge(pod.View, func(f *Flip) { f.Pods = append(f.Pods, pod.Name) }); err != nil {
			return err
		}
	}
	c.keep(denied, allowed, ifGate)
	return nil
}

// keep puts the flips that there are where they belong.
func (c *computing) keep(denied, allowed, ifGate *Flip) {
	out := c.outcome
	to := &out.Warned
	if denied.Modes[0] == Enforce {
		to = &out.Denied
	}
	for _, k := range []struct {
		flip *Flip
		to   *[]Flip
	}{{denied, to}, {allowed, &out.Allowed}, {ifGate, &out.IfGate}} {
		if len(k.flip.Causes) > 0 {
			*k.to = append(*k.to, *k.flip)
		}
	}
}
