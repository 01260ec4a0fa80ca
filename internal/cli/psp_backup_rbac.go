package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// role takes a role or a binding.
func (b *backup) role(item *workload.Item) error {
	namespace := b.input.namespaceOf(item)
	switch item.Object.Kind {
	case rbac.KindClusterRole:
		return decodeInto(b, &b.roles.ClusterRoles, item, "", func(r *rbacv1.ClusterRole) { r.Namespace = "" })
	case rbac.KindClusterRoleBinding:
		return decodeInto(b, &b.roles.ClusterRoleBindings, item, "", func(r *rbacv1.ClusterRoleBinding) { r.Namespace = "" })
	case rbac.KindRole:
		return decodeInto(b, &b.roles.Roles, item, namespace, func(r *rbacv1.Role) { r.Namespace = namespace })
	case rbac.KindRoleBinding:
		return decodeInto(b, &b.roles.RoleBindings, item, namespace, func(r *rbacv1.RoleBinding) { r.Namespace = namespace })
	}
	return nil
}

// decodeInto appends an object to a list, unless there is one of its name.
func decodeInto[T any](b *backup, list *[]T, item *workload.Item, namespace string, adjust func(*T)) error {
	var object T
	if err := json.UnmarshalCaseSensitivePreserveInts(item.JSON, &object); err != nil {
		return fmt.Errorf("it is no %s: %w", item.Object.Kind, err)
	}
	ref, at := rbac.Ref{Kind: item.Object.Kind, Namespace: namespace, Name: item.Object.Name}, sourceOf(item, "")
	if first, again := b.rolePlaces[ref]; again {
		b.repeated = append(b.repeated, fmt.Sprintf("%s: %s comes again; the one at %s counts",
			report.Place(at.File, at.Line), ref, report.Place(first.File, first.Line)))
		return nil
	}
	b.rolePlaces[ref] = at
	adjust(&object)
	*list = append(*list, object)
	return nil
}

// unknownPolicy is a policy that a role names and the input does not have.
type unknownPolicy struct {
	role   rbac.Ref
	policy string
}

// unknownPolicies returns what roles let be used and the input does not have.
func (b *backup) unknownPolicies() []unknownPolicy {
	var found []unknownPolicy
	look := func(role rbac.Ref, rules []rbacv1.PolicyRule) {
		for i := range rules {
			for _, name := range rules[i].ResourceNames {
				use := func(group string) bool {
					return rbac.Allows(&rules[i], &rbac.Request{Verb: "use", Group: group, Resource: "podsecuritypolicies", Name: name})
				}
				if _, known := b.places[name]; !known && (use("policy") || use("extensions")) {
					found = append(found, unknownPolicy{role, name})
				}
			}
		}
	}
	for i := range b.roles.ClusterRoles {
		look(rbac.Ref{Kind: "ClusterRole", Name: b.roles.ClusterRoles[i].Name}, b.roles.ClusterRoles[i].Rules)
	}
	for i := range b.roles.Roles {
		r := &b.roles.Roles[i]
		look(rbac.Ref{Kind: "Role", Namespace: r.Namespace, Name: r.Name}, r.Rules)
	}
	return found
}

// authorizer returns who may use which policy, nil for everybody and every one,
// and tells what is odd about it.
func (b *backup) authorizer() psp.Authorizer {
	if len(b.policies) == 0 {
		b.note("there is no usable PodSecurityPolicy in the input: the plugin refuses every pod then")
	}
	if b.roles.None() {
		b.note("there is no RBAC object in the input: every policy counts as usable by everybody")
		return nil
	}
	known := rbac.New(&b.roles)
	for _, text := range b.repeated {
		b.note(text)
	}
	for _, d := range known.Dangling() {
		if d.Role.Name == "" {
			b.note(fmt.Sprintf("%s has no roleRef: it gives nothing", d.Binding))
			continue
		}
		b.note(fmt.Sprintf("%s refers to %s, which is not in the input: it gives nothing", d.Binding, d.Role))
	}
	for _, binding := range policyBindings(known) {
		for i := range binding.Subjects {
			if why := b.nobody(&binding, &binding.Subjects[i]); why != "" {
				b.note(binding.Ref.String() + " " + why)
			}
		}
	}
	for _, u := range b.unknownPolicies() {
		b.note(fmt.Sprintf("%s lets PodSecurityPolicy %s be used, which is not in the input", u.role, u.policy))
	}
	return known
}

// policyBindings returns the bindings that let policies be used.
func policyBindings(known *rbac.Authorizer) []rbac.Binding {
	found := known.Giving("use", "policy", "podsecuritypolicies")
	for _, b := range known.Giving("use", "extensions", "podsecuritypolicies") {
		if !slices.ContainsFunc(found, func(other rbac.Binding) bool { return other.Ref == b.Ref }) {
			found = append(found, b)
		}
	}
	return found
}

// nobody says why a subject of a binding is nobody, empty if it may be somebody:
// users and groups are not objects, so that nobody can tell.
func (b *backup) nobody(binding *rbac.Binding, s *rbacv1.Subject) string {
	in := cmp.Or(s.Namespace, binding.Ref.Namespace)
	switch {
	case s.Kind != rbacv1.UserKind && s.Kind != rbacv1.GroupKind && s.Kind != rbacv1.ServiceAccountKind:
		return fmt.Sprintf("names %s of the kind %s, which is nobody: the kinds are User, Group and ServiceAccount", cmp.Or(s.Name, report.Unnamed), strconv.Quote(s.Kind))
	case s.Name == "":
		return fmt.Sprintf("names a %s without a name, which is nobody", s.Kind)
	case s.Kind != rbacv1.ServiceAccountKind:
		return ""
	case in == "":
		return fmt.Sprintf("names ServiceAccount %s without its namespace, which is nobody", s.Name)
	case b.accounts[[2]string{in, s.Name}] == nil && b.hasAccounts(in):
		return fmt.Sprintf("names ServiceAccount %s/%s, which is not in the input, although others of that namespace are", in, s.Name)
	}
	return ""
}

// hasAccounts reports whether service accounts of a namespace are in the input.
func (b *backup) hasAccounts(namespace string) bool {
	for key := range b.accounts {
		if key[0] == namespace {
			return true
		}
	}
	return false
}
