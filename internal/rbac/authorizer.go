package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The kinds of roles.
const (
	kindRole        = "Role"
	kindClusterRole = "ClusterRole"
)

// clusterAdmin is the ClusterRole, and the binding of it, that every API server
// makes for itself.
const clusterAdmin = "cluster-admin"

// Objects are all roles and bindings that are known.
type Objects struct {
	ClusterRoles        []rbacv1.ClusterRole
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
	Roles               []rbacv1.Role
	RoleBindings        []rbacv1.RoleBinding
}

// None reports whether there is not one object.
func (o *Objects) None() bool {
	return len(o.ClusterRoles)+len(o.ClusterRoleBindings)+len(o.Roles)+len(o.RoleBindings) == 0
}

// Ref names a role or a binding; what belongs to the cluster has no namespace.
type Ref struct{ Kind, Namespace, Name string }

// String names the object as kubectl's users do.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Authorizer decides by RBAC. It is for use by any number of goroutines.
type Authorizer struct {
	rules    map[Ref][]rbacv1.PolicyRule
	bindings []binding
}

// binding is a RoleBinding or a ClusterRoleBinding.
type binding struct {
	ref, role Ref
	subjects  []rbacv1.Subject
}

// New returns the authorizer for the objects and for what every API server has:
// the role cluster-admin, bound to the group system:masters.
func New(o *Objects) *Authorizer {
	a := &Authorizer{rules: map[Ref][]rbacv1.PolicyRule{
		{Kind: kindClusterRole, Name: clusterAdmin}: {{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}},
	}}
	for i := range o.Roles {
		a.rules[Ref{kindRole, o.Roles[i].Namespace, o.Roles[i].Name}] = o.Roles[i].Rules
	}
	parts := aggregated(o.ClusterRoles)
	for i := range o.ClusterRoles {
		rules := slices.Clip(o.ClusterRoles[i].Rules)
		for _, part := range reachable(parts, i) {
			rules = append(rules, o.ClusterRoles[part].Rules...)
		}
		a.rules[Ref{Kind: kindClusterRole, Name: o.ClusterRoles[i].Name}] = rules
	}
	own := true
	for i := range o.ClusterRoleBindings {
		b := &o.ClusterRoleBindings[i]
		own = own && b.Name != clusterAdmin
		a.bindings = append(a.bindings, binding{Ref{Kind: "ClusterRoleBinding", Name: b.Name}, roleOf(b.RoleRef, ""), b.Subjects})
	}
	if own {
		a.bindings = append(a.bindings, binding{
			Ref{Kind: "ClusterRoleBinding", Name: clusterAdmin}, Ref{Kind: kindClusterRole, Name: clusterAdmin},
			[]rbacv1.Subject{{Kind: rbacv1.GroupKind, Name: masters}},
		})
	}
	for i := range o.RoleBindings {
		b := &o.RoleBindings[i]
		a.bindings = append(a.bindings, binding{Ref{"RoleBinding", b.Namespace, b.Name}, roleOf(b.RoleRef, b.Namespace), b.Subjects})
	}
	return a
}

// roleOf returns the role that a binding refers to; a Role is always in the
// namespace of its binding.
func roleOf(r rbacv1.RoleRef, namespace string) Ref {
	if r.Kind == kindRole {
		return Ref{kindRole, namespace, r.Name}
	}
	return Ref{Kind: r.Kind, Name: r.Name}
}

// Allowed reports whether the user may do what is requested. A binding to a role
// that is not known gives nothing; see [Authorizer.Dangling].
func (a *Authorizer) Allowed(u User, r Request) bool {
	return slices.ContainsFunc(a.bindings, func(b binding) bool {
		if b.ref.Namespace != "" && b.ref.Namespace != r.Namespace {
			return false
		}
		return slices.ContainsFunc(b.subjects, func(s rbacv1.Subject) bool { return u.is(&s, b.ref.Namespace) }) &&
			slices.ContainsFunc(a.rules[b.role], func(rule rbacv1.PolicyRule) bool { return Allows(&rule, &r) })
	})
}

// Dangling is a binding to a role that is not known.
type Dangling struct{ Binding, Role Ref }

// Dangling returns the bindings to roles that are not known, in the order of the
// objects.
func (a *Authorizer) Dangling() []Dangling {
	var found []Dangling
	for i := range a.bindings {
		if _, known := a.rules[a.bindings[i].role]; !known {
			found = append(found, Dangling{a.bindings[i].ref, a.bindings[i].role})
		}
	}
	return found
}

// aggregated returns for each cluster role which others it is made of. A
// controller copies their rules into it; they count also where that has not
// happened yet.
func aggregated(all []rbacv1.ClusterRole) [][]int {
	parts := make([][]int, len(all))
	for i := range all {
		if all[i].AggregationRule == nil {
			continue
		}
		for _, s := range all[i].AggregationRule.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&s)
			if err != nil {
				continue // the API server takes none such, and the controller can do nothing with it
			}
			for j := range all {
				if selector.Matches(labels.Set(all[j].Labels)) {
					parts[i] = append(parts[i], j)
				}
			}
		}
	}
	return parts
}

// reachable returns what a cluster role is made of, directly or through others.
func reachable(parts [][]int, from int) (found []int) {
	seen := map[int]bool{from: true}
	for next := slices.Clone(parts[from]); len(next) > 0; {
		part := next[0]
		next = next[1:]
		if !seen[part] {
			seen[part] = true
			found = append(found, part)
			next = append(next, parts[part]...)
		}
	}
	return found
}
