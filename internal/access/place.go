package access

import (
	"maps"
	"reflect"
	"slices"

	"github.com/gabion-security/gabion/internal/rbac"
)

// grants returns what each binding gives to whom. Subjects of one binding differ
// only by their exemptions, and by who they can become beside themselves.
func (s *search) grants() []Grant {
	var all []Grant
	for i := range s.bindings {
		b := &s.bindings[i]
		given := s.givenBy(b.Role)
		if len(given) == 0 || b.Ref.Kind == rbac.KindClusterRoleBinding && b.Role.Kind != rbac.KindClusterRole {
			continue
		}
		first := len(all)
		for _, named := range b.Subjects {
			subject, ok := subjectOf(named, b.Ref.Namespace)
			if !ok {
				continue
			}
			held := s.heldBy(subject, b, given)
			if len(held) == 0 {
				continue
			}
			same := slices.IndexFunc(all[first:], func(g Grant) bool { return reflect.DeepEqual(g.Rights, held) })
			if same < 0 {
				all = append(all, Grant{Binding: b.Ref, Role: b.Role, Rights: held})
				same = len(all) - 1 - first
			}
			g := &all[first+same]
			if !slices.Contains(g.Subjects, subject) {
				g.Subjects = append(g.Subjects, subject)
			}
		}
	}
	return all
}

// heldBy returns the rights that a binding gives to one of its subjects.
func (s *search) heldBy(subject Subject, b *rbac.Binding, given []given) []Held {
	var list []Held
	for i := range given {
		g := &given[i]
		h, ok := s.place(subject, b, g)
		if !ok || !s.become(subject, b, g, &h) {
			continue
		}
		h.Right, h.APIGroup = s.rights[g.right].Right, g.permission.group
		h.Verbs, h.Resources = g.verbs, g.resources
		list = append(list, h)
	}
	return list
}

// place says where a right counts that a binding gives.
func (s *search) place(subject Subject, b *rbac.Binding, g *given) (h Held, ok bool) {
	namespace := b.Ref.Namespace
	h.Names = g.reach.names
	if namespace != "" {
		h.Namespaces = []string{namespace}
	} else {
		h.Everywhere = true
	}
	switch g.permission.scope {
	case inNamespace:
	case ofCluster:
		return h, h.Everywhere
	case theNamespace:
		switch {
		case g.reach.any:
		case h.Everywhere:
			h.Everywhere, h.Namespaces = false, h.Names
		case !slices.Contains(h.Names, namespace):
			return h, false
		}
		h.Names = nil // what is named is the namespace
	case inOpen:
		if h.Everywhere {
			return h, len(s.open) > 0 || s.exempt[subject.Username()]
		}
		return h, s.isOpen[namespace] || s.exempt[subject.Username()]
	case installed:
		if namespace != "" && namespace != s.question.Installation {
			return h, false
		}
		h.Everywhere, h.Namespaces = false, []string{s.question.Installation}
		return h, s.installed
	}
	return h, true
}

// become says whose rights come with a right to be somebody else, and reports
// whether there are any.
func (s *search) become(subject Subject, b *rbac.Binding, g *given, h *Held) bool {
	switch s.rights[g.right].as {
	case asUser, asGroup:
		if g.reach.any {
			return true
		}
		h.As = s.strongNames(s.rights[g.right].as, g.reach.names)
	case asRole:
		return g.reach.any || slices.ContainsFunc(g.reach.names, func(name string) bool { return s.matters(g.resources[0], b.Ref.Namespace, name) })
	case asAccount, asAnyAccount:
		for _, namespace := range s.ableIn(b.Ref.Namespace) {
			candidates := s.able[namespace]
			if !g.reach.any && s.rights[g.right].as == asAccount {
				candidates = s.ableOf(namespace, g.reach.names)
			}
			for _, a := range candidates {
				if a != subject {
					h.As = append(h.As, a)
				}
			}
		}
	case noIdentity:
		return true
	}
	return len(h.As) > 0
}

// ableIn returns the namespace, or all that have accounts to become if there is
// none.
func (s *search) ableIn(namespace string) []string {
	if namespace != "" {
		return []string{namespace}
	}
	return slices.Sorted(maps.Keys(s.able))
}

// ableOf returns the accounts of some names that can do what is asked about. Not
// all of them need exist: nobody has to, to be impersonated.
func (s *search) ableOf(namespace string, names []string) (found []Subject) {
	for _, name := range names {
		if a := account(namespace, name); s.isAble(a) {
			found = append(found, a)
		}
	}
	return found
}

// strongNames returns the users or groups of some names who can do what is asked
// about.
func (s *search) strongNames(as identity, names []string) (found []Subject) {
	for _, name := range names {
		subject := groupOf(name)
		if as == asUser {
			subject = userOf(name)
		}
		if s.strong[subject] || subject == groupOf(masters) {
			found = append(found, subject)
		}
	}
	return found
}

// matters reports whether a role that somebody can bind gives a right that is
// asked about. One that is not known may.
func (s *search) matters(resource, namespace, name string) bool {
	role := rbac.Ref{Kind: rbac.KindClusterRole, Name: name}
	if resource == "roles" {
		role = rbac.Ref{Kind: rbac.KindRole, Namespace: namespace, Name: name}
	}
	_, known := s.roles[role]
	return !known || len(s.givenBy(role)) > 0
}

// narrow keeps what counts in some namespaces, all if there are none.
func narrow(grants []Grant, namespaces []string) []Grant {
	if len(namespaces) == 0 {
		return grants
	}
	var kept []Grant
	for _, g := range grants {
		var rights []Held
		for _, h := range g.Rights {
			if !h.Everywhere {
				h.Namespaces = slices.DeleteFunc(slices.Clone(h.Namespaces), func(ns string) bool { return !slices.Contains(namespaces, ns) })
			}
			if h.Everywhere || len(h.Namespaces) > 0 {
				rights = append(rights, h)
			}
		}
		if len(rights) > 0 {
			g.Rights = rights
			kept = append(kept, g)
		}
	}
	return kept
}
