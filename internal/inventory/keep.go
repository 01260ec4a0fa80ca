package inventory

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Keep drops the namespaces that are not wanted, with all that is in them. What
// is in no namespace stays.
func (i *Inventory) Keep(wanted func(namespace string) bool) {
	drop := func(namespace string) bool { return namespace != "" && !wanted(namespace) }
	i.Namespaces = slices.DeleteFunc(i.Namespaces, func(n Namespace) bool { return drop(n.Name) })
	i.NotChecked = slices.DeleteFunc(i.NotChecked, func(p Problem) bool { return drop(p.Object.Namespace) })
	i.Errors = slices.DeleteFunc(i.Errors, func(p Problem) bool { return drop(p.Object.Namespace) })
	i.Missing = slices.DeleteFunc(i.Missing, func(m Missing) bool { return drop(m.Namespace) })
	a := &i.Access
	a.Roles = slices.DeleteFunc(a.Roles, func(r rbacv1.Role) bool { return drop(r.Namespace) })
	a.RoleBindings = slices.DeleteFunc(a.RoleBindings, func(r rbacv1.RoleBinding) bool { return drop(r.Namespace) })
	a.ServiceAccounts = slices.DeleteFunc(a.ServiceAccounts, func(s ServiceAccount) bool { return drop(s.Namespace) })
}
