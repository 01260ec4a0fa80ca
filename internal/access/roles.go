package access

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/inventory"
)

// The kinds of RBAC's objects and subjects.
const (
	kindRole               = "Role"
	kindClusterRole        = "ClusterRole"
	kindRoleBinding        = "RoleBinding"
	kindClusterRoleBinding = "ClusterRoleBinding"
)

// Ref names a role or a binding; what belongs to the cluster has no namespace.
type Ref struct{ Kind, Namespace, Name string }

// binding is a RoleBinding or a ClusterRoleBinding.
type binding struct {
	ref      Ref
	role     Ref
	subjects []rbacv1.Subject
}

// bindings returns all bindings: those of the cluster first, each by name.
func bindings(a *inventory.Access) []binding {
	all := make([]binding, 0, len(a.ClusterRoleBindings)+len(a.RoleBindings))
	for i := range a.ClusterRoleBindings {
		b := &a.ClusterRoleBindings[i]
		all = append(all, binding{Ref{Kind: kindClusterRoleBinding, Name: b.Name}, roleOf(b.RoleRef, ""), b.Subjects})
	}
	for i := range a.RoleBindings {
		b := &a.RoleBindings[i]
		all = append(all, binding{Ref{kindRoleBinding, b.Namespace, b.Name}, roleOf(b.RoleRef, b.Namespace), b.Subjects})
	}
	return all
}

// roleOf returns the role that a binding refers to; a Role is always in the
// namespace of its binding.
func roleOf(r rbacv1.RoleRef, namespace string) Ref {
	if r.Kind == kindRole {
		return Ref{kindRole, namespace, r.Name}
	}
	return Ref{Kind: r.Kind, Name: r.Name}
}

// roles are the rules of all roles that are known.
type roles map[Ref][]rbacv1.PolicyRule

func newRoles(a *inventory.Access) roles {
	all := roles{}
	for i := range a.Roles {
		r := &a.Roles[i]
		all[Ref{kindRole, r.Namespace, r.Name}] = r.Rules
	}
	parts := aggregated(a.ClusterRoles)
	for i := range a.ClusterRoles {
		rules := a.ClusterRoles[i].Rules
		for _, part := range reachable(parts, i) {
			rules = append(rules[:len(rules):len(rules)], a.ClusterRoles[part].Rules...)
		}
		all[Ref{Kind: kindClusterRole, Name: a.ClusterRoles[i].Name}] = rules
	}
	return all
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
	for next := parts[from]; len(next) > 0; {
		part := next[0]
		next = next[1:]
		if !seen[part] {
			seen[part] = true
			found = append(found, part)
			next = append(next[:len(next):len(next)], parts[part]...)
		}
	}
	return found
}
