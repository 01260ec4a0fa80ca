package cli

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/rbac"
)

// forEveryPolicy returns the bindings by which every policy may be used without
// being named, and so one that is made a moment later. Superusers may do everything
// as it is.
func (m *migration) forEveryPolicy() (found []rbac.Binding) {
	known := rbac.New(&m.backup.roles)
	for _, group := range []string{"policy", "extensions"} {
		for _, b := range known.GivingAll("use", group, "podsecuritypolicies") {
			b.Subjects = slices.DeleteFunc(slices.Clone(b.Subjects), func(s rbacv1.Subject) bool {
				return s.Kind == rbacv1.GroupKind && s.Name == "system:masters"
			})
			if len(b.Subjects) > 0 && !slices.ContainsFunc(found, func(other rbac.Binding) bool { return other.Ref == b.Ref }) {
				found = append(found, b)
			}
		}
	}
	return found
}

// staysWithin reports whether the policy that admits everything would count in these
// namespaces only, and in those that it was given to before. If not, that is said.
func (a *applying) staysWithin(names []string) bool {
	within := func(namespace string) bool { return slices.Contains(names, namespace) || a.bypassed(namespace) }
	const object = "PodSecurityPolicy"
	for _, missing := range a.inv.Missing {
		if strings.HasSuffix(missing.Resource, "."+rbacv1.GroupName) {
			return a.goOnAnyway(object, fmt.Sprintf("nobody knows for whom a policy that admits everything would count: %s could not be listed", missing.Resource),
				"somebody who may list that has to do it")
		}
	}
	var who []string
	for _, b := range a.forEveryPolicy() {
		if beyond := subjectsBeyond(&b, within); len(beyond) > 0 {
			who = append(who, fmt.Sprintf("%s, which %s gives to %s", b.Role, b.Ref, strings.Join(beyond, ", ")))
		}
	}
	if len(who) == 0 {
		return true
	}
	return a.goOnAnyway(object, "a policy that admits everything would count elsewhere, too, by roles that name no policy: "+strings.Join(who, "; "),
		"give the policies that are meant as resourceNames there")
}

// goOnAnyway says why something is left, and reports whether it is done all the same.
func (a *applying) goOnAnyway(object, why, advice string) bool {
	if a.weaker {
		a.note("note: " + why)
		return true
	}
	a.refuse(object, why, advice+", or pass --allow-weaker")
	return false
}

// subjectsBeyond are those for whom a binding counts outside some namespaces.
func subjectsBeyond(b *rbac.Binding, within func(namespace string) bool) (beyond []string) {
	if b.Ref.Namespace != "" && within(b.Ref.Namespace) {
		return nil
	}
	for _, s := range b.Subjects {
		name := s.Name
		if b.Ref.Namespace == "" && within(accountsOf(&s)) {
			continue
		}
		if s.Kind == rbacv1.ServiceAccountKind {
			name = s.Namespace + "/" + s.Name
		}
		beyond = append(beyond, s.Kind+" "+name)
	}
	return beyond
}

// accountsOf is the namespace whose service accounts a subject means, empty if it
// means others.
func accountsOf(s *rbacv1.Subject) string {
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		return s.Namespace
	case rbacv1.GroupKind:
		if namespace, ok := strings.CutPrefix(s.Name, "system:serviceaccounts:"); ok {
			return namespace
		}
	case rbacv1.UserKind:
		if account, ok := strings.CutPrefix(s.Name, "system:serviceaccount:"); ok {
			namespace, _, _ := strings.Cut(account, ":")
			return namespace
		}
	}
	return ""
}

// namingOnly decides by the rules that name an object only.
func namingOnly(all *rbac.Objects, name string) *rbac.Authorizer {
	naming := func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
		return slices.DeleteFunc(slices.Clone(rules), func(r rbacv1.PolicyRule) bool { return !slices.Contains(r.ResourceNames, name) })
	}
	some := rbac.Objects{
		ClusterRoles: slices.Clone(all.ClusterRoles), ClusterRoleBindings: all.ClusterRoleBindings, Roles: slices.Clone(all.Roles), RoleBindings: all.RoleBindings,
	}
	for i := range some.ClusterRoles {
		some.ClusterRoles[i].Rules = naming(some.ClusterRoles[i].Rules)
	}
	for i := range some.Roles {
		some.Roles[i].Rules = naming(some.Roles[i].Rules)
	}
	return rbac.New(&some)
}
