package access

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/rbac"
)

// reach is to how many objects a rule gives a right: none, some by name, or any.
type reach struct {
	any   bool
	names []string // sorted; nil if any
}

func (r reach) none() bool { return !r.any && len(r.names) == 0 }

func (r reach) equal(other reach) bool {
	return r.any == other.any && slices.Equal(r.names, other.names)
}

// only narrows the reach to the names that count.
func (r reach) only(counts func(string) bool) reach {
	if r.any || counts == nil {
		return r
	}
	return reach{names: slices.DeleteFunc(slices.Clone(r.names), func(name string) bool { return !counts(name) })}
}

// reachOf returns to which objects of a resource the rules give a verb, as the
// API server's RBAC authorizer decides it. The resource may have a subresource.
//
// A rule with names does give "create": server-side apply and PUT ask with the
// name in hand. It does not give "deletecollection", which never has one.
func reachOf(rules []rbacv1.PolicyRule, verb, group, resource string) reach {
	var r reach
	for i := range rules {
		rule := &rules[i]
		switch {
		case !rbac.Covers(rule, verb, group, resource):
		case len(rule.ResourceNames) == 0:
			return reach{any: true}
		case verb != "deletecollection":
			r.names = append(r.names, rule.ResourceNames...)
		}
	}
	slices.Sort(r.names)
	r.names = slices.Compact(r.names)
	return r
}
