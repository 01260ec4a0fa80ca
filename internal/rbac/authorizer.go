package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// clusterAdmin is the ClusterRole, and the binding of it, that every API server
// makes for itself.
const clusterAdmin = "cluster-admin"

// Authorizer decides by RBAC. It is for use by any number of goroutines.
type Authorizer struct {
	rules    map[Ref][]rbacv1.PolicyRule
	bindings []Binding
}

// New returns the authorizer for the objects and for what every API server has:
// the role cluster-admin, bound to the group system:masters.
func New(o *Objects) *Authorizer {
	a := &Authorizer{rules: Rules(o), bindings: Bindings(o)}
	role := Ref{Kind: KindClusterRole, Name: clusterAdmin}
	if _, known := a.rules[role]; !known {
		a.rules[role] = []rbacv1.PolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}
	}
	own := Ref{Kind: KindClusterRoleBinding, Name: clusterAdmin}
	if !slices.ContainsFunc(a.bindings, func(b Binding) bool { return b.Ref == own }) {
		a.bindings = append(a.bindings, Binding{own, role, []rbacv1.Subject{{Kind: rbacv1.GroupKind, Name: masters}}})
	}
	return a
}

// Allowed reports whether the user may do what is requested. A binding to a role
// that is not known gives nothing; see [Authorizer.Dangling].
func (a *Authorizer) Allowed(u User, r Request) bool {
	return slices.ContainsFunc(a.bindings, func(b Binding) bool {
		if b.Ref.Namespace != "" && b.Ref.Namespace != r.Namespace {
			return false
		}
		return slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool { return u.is(&s, b.Ref.Namespace) }) &&
			slices.ContainsFunc(a.rules[b.Role], func(rule rbacv1.PolicyRule) bool { return Allows(&rule, &r) })
	})
}

// Dangling is a binding to a role that is not known.
type Dangling struct{ Binding, Role Ref }

// Dangling returns the bindings to roles that are not known, in the order of the
// objects.
func (a *Authorizer) Dangling() []Dangling {
	var found []Dangling
	for i := range a.bindings {
		if _, known := a.rules[a.bindings[i].Role]; !known {
			found = append(found, Dangling{a.bindings[i].Ref, a.bindings[i].Role})
		}
	}
	return found
}

// Giving returns the bindings to roles that give a verb on a resource, be it only
// for the names that they list, in the order of the objects.
func (a *Authorizer) Giving(verb, group, resource string) []Binding {
	var found []Binding
	for _, b := range a.bindings {
		if slices.ContainsFunc(a.rules[b.Role], func(r rbacv1.PolicyRule) bool { return Covers(&r, verb, group, resource) }) {
			found = append(found, b)
		}
	}
	return found
}

// GivingAll returns the bindings to roles that give a verb on a resource without
// naming objects, those of objects that are made later included.
func (a *Authorizer) GivingAll(verb, group, resource string) []Binding {
	var found []Binding
	for _, b := range a.bindings {
		if slices.ContainsFunc(a.rules[b.Role], func(r rbacv1.PolicyRule) bool {
			return len(r.ResourceNames) == 0 && Covers(&r, verb, group, resource)
		}) {
			found = append(found, b)
		}
	}
	return found
}
