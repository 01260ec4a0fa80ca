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
	// Defaults is the policy of namespaces without labels.
	Defaults   pss.Policy
	Exemptions Exemptions
	// AllowUnchecked says that objects which may hold pods at unknown places are
	// known to be fine.
	AllowUnchecked bool
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
	if len(newErrs) > 0 && !slices.Equal(newErrs, oldErrs) {
		c.Denied = newErrs
	}
}

func owners(ns *Namespace, key string) []Owner {
	return append([]Owner{}, ns.Owners[key]...)
}

// Stricter reports whether the change may reject what is let in now. As for the
// API server, another version is stricter, whichever it is.
func (c *Change) Stricter() bool {
	switch {
	case c.From == c.To, c.To.Level == pss.Privileged, c.Exempt:
		return false
	case c.From.Version == c.To.Version && c.To.Level <= c.From.Level:
		return false
	}
	return true
}

// Judge finds what the change would reject of what is in the cluster, and what
// nobody knows. The error is the evaluator's.
func (p *Planner) Judge(c *Change, inv *inventory.Inventory) error {
	if !c.Stricter() {
		return nil
	}
	c.Unseen = p.unseen(c.Namespace.Name, inv)
	i := slices.IndexFunc(inv.Namespaces, func(n inventory.Namespace) bool { return n.Name == c.Namespace.Name })
	if i < 0 {
		return nil // nothing is in it
	}
	c.Unseen = append(c.Unseen, p.unseenPods(&inv.Namespaces[i])...)
	j := judge{planner: p, evaluator: pss.Evaluator{Kubernetes: inv.Server.Version}, policy: c.To, known: map[*inventory.View][]pss.Violation{}}
	var err error
	c.Blockers, err = j.blockers(&inv.Namespaces[i])
	return err
}
