package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// Configuration is what is configured beside the labels and cannot be read from
// the API.
type Configuration struct {
	// Defaults is the policy of namespaces without labels, the zero Policy if it is
	// not known: they are then taken to be privileged.
	Defaults pss.Policy
	// Usernames, Namespaces and RuntimeClasses are exempt.
	Usernames, Namespaces, RuntimeClasses []string
	// Guarded reports whether guards have something enforced on the pods of a
	// namespace whatever its labels say; nil if there are none.
	Guarded func(*inventory.Namespace) bool
	// Excluded are the namespaces whose pods Gabion's webhook is not asked about.
	Excluded []string
}

// Open is a namespace where nothing is enforced on pods, and why.
type Open struct{ Namespace, Reason string }

// guarded reports whether guards have something enforced in a namespace.
func (c *Configuration) guarded(ns *inventory.Namespace) bool {
	return c.Guarded != nil && c.Guarded(ns)
}

// openNamespaces returns the namespaces where nothing is enforced, by name. One
// whose labels are not known is among them.
func openNamespaces(c *Configuration, all []inventory.Namespace) []Open {
	var open []Open
	for i := range all {
		if reason := c.reason(&all[i]); reason != "" {
			open = append(open, Open{all[i].Name, reason})
		}
	}
	return open
}

// reason says why nothing is enforced in a namespace, and nothing if something
// is.
func (c *Configuration) reason(ns *inventory.Namespace) string {
	defaults, unlabelled := c.Defaults, "no enforce label: privileged by default"
	if defaults == (pss.Policy{}) {
		defaults, unlabelled = pss.DefaultPolicy(), "no enforce label, assuming privileged"
	}
	policy, _ := pss.PolicyFromLabels(ns.Labels, defaults)
	_, labelled := ns.Labels[pss.EnforceLabel]
	switch {
	case slices.Contains(c.Namespaces, ns.Name):
		return "exempt"
	case slices.Contains(c.Excluded, ns.Name):
		return "excluded from Gabion's webhook"
	case c.guarded(ns) && len(c.RuntimeClasses) == 0:
		return ""
	case !ns.Stated:
		return "its labels are not known"
	case policy.Enforce.Level == pss.Privileged && labelled:
		return "labelled privileged"
	case policy.Enforce.Level == pss.Privileged:
		return unlabelled
	case len(c.RuntimeClasses) > 0:
		return fmt.Sprintf("exempt for pods of the runtime class %s", strings.Join(c.RuntimeClasses, " or "))
	}
	return ""
}
