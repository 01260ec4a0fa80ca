package label

import (
	"maps"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// Exemptions are what the API server does not judge.
type Exemptions interface {
	Namespace(name string) bool
	RuntimeClass(name string) bool
}

// Planner works out changes.
type Planner struct {
	// Kubernetes is what the API server is: what latest means there.
	Kubernetes pss.Version
	// Defaults is the policy of namespaces without labels.
	Defaults   pss.Policy
	Exemptions Exemptions
	// AllowUnchecked says that objects which may hold pods at unknown places are
	// known to be fine.
	AllowUnchecked bool
	// Exceptions returns what takes from a verdict what is excepted in a namespace,
	// nil if nothing is there. Nil excepts nothing anywhere.
	Exceptions func(*inventory.Namespace) func(*inventory.View, pss.Verdict) pss.Verdict
}

// Plan works out what it means to give a namespace the labels, of those that
// [Keys] returns. What would be rejected is not known yet: see [Planner.Judge].
func (p *Planner) Plan(ns Namespace, want map[string]string) Change {
	c := Change{Namespace: ns, Config: ns.own(), Exempt: p.Exemptions.Namespace(ns.Name)}
	maps.Copy(c.Config, want)
	for _, key := range Keys() {
		value, ok := want[key]
		if !ok {
			continue
		}
		e := Edit{Key: key, Before: ns.value(key), After: &value, Owners: owners(&ns, key)}
		c.Edits = append(c.Edits, e)
		if others := ns.others(key); e.Before != nil && e.Changes() && len(others) > 0 {
			c.Conflicts = append(c.Conflicts, Conflict{key, e.Before, others})
		}
	}
	p.resolve(&c)
	return c
}

// resolve works out the policies before and after.
func (p *Planner) resolve(c *Change) {
	from, oldErrs := pss.PolicyFromLabels(c.Namespace.Labels, p.Defaults)
	to, newErrs := pss.PolicyFromLabels(c.Labels(), p.Defaults)
	c.From, c.To = from.Enforce, to.Enforce
	c.Stricter = !c.Exempt && p.stricter(c.From, c.To)
	for _, mode := range []struct {
		name, level, version string
		from, to             pss.LevelVersion
	}{
		{"enforce", pss.EnforceLabel, pss.EnforceVersionLabel, from.Enforce, to.Enforce},
		{"audit", pss.AuditLabel, pss.AuditVersionLabel, from.Audit, to.Audit},
		{"warn", pss.WarnLabel, pss.WarnVersionLabel, from.Warn, to.Warn},
	} {
		if c.edits(mode.level, mode.version) && p.looser(mode.from, mode.to) {
			c.Loosened = append(c.Loosened, Loosening{mode.name, mode.from, mode.to})
		}
	}
	if len(newErrs) > 0 && !slices.Equal(newErrs, oldErrs) {
		c.Denied = newErrs
	}
}

// edits reports whether one of the labels gets another value.
func (c *Change) edits(keys ...string) bool {
	return slices.ContainsFunc(c.Edits, func(e Edit) bool { return slices.Contains(keys, e.Key) && e.Changes() })
}

// stricter reports whether one policy may reject what another one lets in. As for
// the API server, another version is stricter, whichever it is.
func (p *Planner) stricter(from, to pss.LevelVersion) bool {
	is := pss.Evaluator{Kubernetes: p.Kubernetes}
	same := is.Resolve(from.Version) == is.Resolve(to.Version)
	return to.Level > from.Level || to.Level > pss.Privileged && !same
}

// looser reports whether one policy may let in what another one rejects: it is
// of a lower level or of an older version.
func (p *Planner) looser(from, to pss.LevelVersion) bool {
	is := pss.Evaluator{Kubernetes: p.Kubernetes}
	return from.Level > pss.Privileged && (to.Level < from.Level || is.Resolve(to.Version) < is.Resolve(from.Version))
}

func owners(ns *Namespace, key string) []Owner {
	return append([]Owner{}, ns.Owners[key]...)
}

// Judge finds what the change would reject of what is in the cluster, and what
// nobody knows. The error is the evaluator's.
func (p *Planner) Judge(c *Change, inv *inventory.Inventory) error {
	if !c.Stricter {
		return nil
	}
	gaps := inv.Gaps(p.AllowUnchecked)
	c.Unseen = gaps.Of(c.Namespace.Name)
	i := slices.IndexFunc(inv.Namespaces, func(n inventory.Namespace) bool { return n.Name == c.Namespace.Name })
	if i < 0 {
		return nil // nobody has seen it
	}
	if !p.AllowUnchecked {
		c.Unseen = append(c.Unseen, inv.Namespaces[i].UnseenPods()...)
	}
	c.Empty = len(c.Unseen)+len(inv.Namespaces[i].Pods)+len(inv.Namespaces[i].Workloads) == 0
	j := judge{planner: p, policy: c.To, known: map[*inventory.View][]pss.Violation{}}
	if p.Exceptions != nil {
		j.except = p.Exceptions(&inv.Namespaces[i])
	}
	var err error
	c.Blockers, err = j.blockers(&inv.Namespaces[i])
	return err
}
