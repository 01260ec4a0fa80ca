package plan

import (
	"slices"

	"github.com/gabion-security/gabion/pss"
)

// Configuration is what the API server could be given for the whole cluster.
type Configuration struct {
	Defaults pss.Policy
	// Exempt are the namespaces to exempt beside those that are: the system's,
	// as far as they need it.
	Exempt []string
	// Held are the unlabelled namespaces that keep the enforced default below
	// the target.
	Held []string
}

// Configuration returns the strictest defaults that break nothing now: those that
// every namespace without an enforce label passes, and no less than the defaults
// that stand. It is about all namespaces of the plan.
func (p *Plan) Configuration(o *Options) Configuration {
	enforce := pss.LevelVersion{Level: o.Target, Version: o.Pin}
	c := Configuration{}
	if len(p.Gaps) > 0 && !o.AllowIncomplete {
		enforce.Level = pss.Privileged
	}
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if n.Exempt || n.Labelled() {
			continue
		}
		bears := n.Strictest
		if n.Incomplete || !n.Stated {
			bears = pss.Privileged
		}
		switch {
		case bears >= o.Target:
		case n.System:
			c.Exempt = append(c.Exempt, n.Name)
		default:
			c.Held = append(c.Held, n.Name)
			enforce.Level = min(enforce.Level, bears)
		}
	}
	j := newJudge(o)
	if !j.atLeast(enforce, o.Defaults.Enforce) {
		enforce = o.Defaults.Enforce
	}
	// A namespace of the system that passes what is enforced needs no exemption.
	c.Exempt = slices.DeleteFunc(c.Exempt, func(name string) bool {
		i := slices.IndexFunc(p.Namespaces, func(n Namespace) bool { return n.Name == name })
		n := &p.Namespaces[i]
		return n.Stated && !n.Incomplete && n.Strictest >= enforce.Level || enforce.Level == pss.Privileged
	})
	c.Defaults = pss.Policy{
		Enforce: enforce,
		Audit:   pss.LevelVersion{Level: max(o.Target, o.Defaults.Audit.Level), Version: pss.Latest},
		Warn:    pss.LevelVersion{Level: max(o.Target, o.Defaults.Warn.Level), Version: pss.Latest},
	}
	return c
}
