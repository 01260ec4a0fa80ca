package rbac

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The kinds of roles and bindings.
const (
	KindRole               = "Role"
	KindClusterRole        = "ClusterRole"
	KindRoleBinding        = "RoleBinding"
	KindClusterRoleBinding = "ClusterRoleBinding"
)

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

// Binding is a RoleBinding or a ClusterRoleBinding.
type Binding struct {
	Ref, Role Ref
	Subjects  []rbacv1.Subject
}

// Bindings returns all bindings in the order of the objects, those of the cluster
// first.
func Bindings(o *Objects) []Binding {
	all := make([]Binding, 0, len(o.ClusterRoleBindings)+len(o.RoleBindings))
	for i := range o.ClusterRoleBindings {
		b := &o.ClusterRoleBindings[i]
		all = append(all, Binding{Ref{Kind: KindClusterRoleBinding, Name: b.Name}, roleOf(b.RoleRef, ""), b.Subjects})
	}
	for i := range o.RoleBindings {
		b := &o.RoleBindings[i]
		all = append(all, Binding{Ref{KindRoleBinding, b.Namespace, b.Name}, roleOf(b.RoleRef, b.Namespace), b.Subjects})
	}
	return all
}

// roleOf returns the role that a binding refers to; a Role is always in the
// namespace of its binding.
func roleOf(r rbacv1.RoleRef, namespace string) Ref {
	if r.Kind == KindRole {
		return Ref{KindRole, namespace, r.Name}
	}
	return Ref{Kind: r.Kind, Name: r.Name}
}

// Rules returns the rules of all roles; of two with one name the first counts.
// Those of an aggregated one are there also where the controller that copies them
// has not come to it yet.
func Rules(o *Objects) map[Ref][]rbacv1.PolicyRule {
	all := map[Ref][]rbacv1.PolicyRule{}
	add := func(role Ref, rules []rbacv1.PolicyRule) {
		if _, again := all[role]; !again {
			all[role] = rules
		}
	}
	for i := range o.Roles {
		add(Ref{KindRole, o.Roles[i].Namespace, o.Roles[i].Name}, o.Roles[i].Rules)
	}
	parts := aggregated(o.ClusterRoles)
	for i := range o.ClusterRoles {
		rules := slices.Clip(o.ClusterRoles[i].Rules)
		for _, part := range reachable(parts, i) {
			rules = append(rules, o.ClusterRoles[part].Rules...)
		}
		add(Ref{Kind: KindClusterRole, Name: o.ClusterRoles[i].Name}, rules)
	}
	return all
}

// aggregated returns for each cluster role which others it is made of.
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
