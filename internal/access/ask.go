package access

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/rbac"
)

// Aim is what somebody may be up to.
type Aim int

const (
	// Weaken is to have less enforced than before.
	Weaken Aim = iota
	// Bypass is to have a pod that nothing is enforced on.
	Bypass
)

// Question is who can do something.
type Question struct {
	Aim           Aim
	Inventory     *inventory.Inventory
	Configuration Configuration
	// Installation is the namespace where Gabion runs.
	Installation string
	// Namespaces are those that are asked about, all if there are none. What counts
	// everywhere counts in them too.
	Namespaces []string
}

// Answer says who can.
type Answer struct {
	// Open are the namespaces where nothing is enforced, by name, for [Bypass].
	Open []Open
	// Grants are by binding, those of the cluster first.
	Grants []Grant
	// Unknown are bindings to roles that could not be seen: whoever has them may
	// be able to do anything.
	Unknown []Grant
	// Missing is what could not be listed although the answer depends on it.
	Missing []inventory.Missing
}

// Grant is what a binding gives to subjects.
type Grant struct {
	// Subjects have the same rights, in the order of the binding.
	Subjects      []Subject
	Binding, Role rbac.Ref
	// Rights are in the order of the catalogue.
	Rights []Held
}

// Held is a right that somebody has, as far as one API group and some verbs give
// it.
type Held struct {
	Right

	APIGroup         string
	Verbs, Resources []string
	// Names are the objects that it is limited to, nil for all. A Namespace that it
	// is limited to is in Namespaces.
	Names []string
	// Everywhere says that it counts in every namespace and for what is in none;
	// else it counts in Namespaces.
	Everywhere bool
	Namespaces []string
	// As are whose rights come with it, if it is one to be somebody else: all who
	// can themselves do what is asked about.
	As []Subject
}

// Ask answers a question.
func Ask(q Question) Answer {
	s := newSearch(&q)
	answer := Answer{Missing: missing(q.Inventory)}
	if q.Aim == Bypass {
		answer.Open = s.open
	}
	for more := true; more; {
		answer.Grants = s.grants()
		more = s.learn(answer.Grants)
	}
	// Who is strong elsewhere makes others strong here: only the outcome is narrowed.
	answer.Grants = narrow(answer.Grants, q.Namespaces)
	answer.Unknown = s.unknown(answer.Missing)
	return answer
}

// search is the work on one question.
type search struct {
	question *Question
	rights   []right
	roles    map[rbac.Ref][]rbacv1.PolicyRule
	bindings []rbac.Binding
	open     []Open
	isOpen   map[string]bool
	exempt   map[string]bool
	// given are the rights of a role wherever it is bound.
	given map[rbac.Ref][]given
	// installed says that Gabion may be installed at all.
	installed bool
	accounts  []Subject
	// strong are who can do what is asked about, as far as is known.
	strong map[Subject]bool
	// able are the accounts among them, by namespace.
	able map[string][]Subject
}

// given is what a permission comes to in the rules of a role: some of its verbs
// on some of its resources.
type given struct {
	right            int
	permission       *permission
	verbs, resources []string
	reach            reach
}

func newSearch(q *Question) *search {
	a := &q.Inventory.Access
	objects := &rbac.Objects{
		ClusterRoles: a.ClusterRoles, ClusterRoleBindings: a.ClusterRoleBindings, Roles: a.Roles, RoleBindings: a.RoleBindings,
	}
	s := &search{
		question: q, roles: rbac.Rules(objects), bindings: rbac.Bindings(objects),
		isOpen: map[string]bool{}, exempt: map[string]bool{}, given: map[rbac.Ref][]given{}, strong: map[Subject]bool{},
	}
	s.rights = weakening(q.Inventory.PodResources)
	if q.Aim == Bypass {
		s.rights = bypassing(q.Inventory.Server.Version, q.Inventory.PodResources)
	}
	spaces := s.namespaces()
	for _, o := range openNamespaces(&q.Configuration, spaces) {
		if s.asked(o.Namespace) {
			s.open = append(s.open, o)
			s.isOpen[o.Namespace] = true
		}
	}
	for _, name := range q.Configuration.Usernames {
		s.exempt[name] = true
	}
	s.installed = lacks(missing(q.Inventory), "namespaces", "") || slices.ContainsFunc(spaces, func(ns inventory.Namespace) bool {
		return ns.Name == q.Installation
	})
	s.accounts = s.allAccounts(spaces)
	return s
}

// namespaces returns all namespaces that are known, by name: also those that
// only a binding is in.
func (s *search) namespaces() []inventory.Namespace {
	all := slices.Clone(s.question.Inventory.Namespaces)
	known := map[string]bool{}
	for i := range all {
		known[all[i].Name] = true
	}
	for i := range s.bindings {
		if name := s.bindings[i].Ref.Namespace; name != "" && !known[name] {
			known[name] = true
			all = append(all, inventory.Namespace{Name: name})
		}
	}
	slices.SortFunc(all, func(a, b inventory.Namespace) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// allAccounts returns the service accounts that there are or that a binding
// names, for it takes no account to make its token's user. Every namespace has a
// default one.
func (s *search) allAccounts(spaces []inventory.Namespace) []Subject {
	var all []Subject
	for _, a := range s.question.Inventory.Access.ServiceAccounts {
		all = append(all, account(a.Namespace, a.Name))
	}
	for i := range spaces {
		all = append(all, account(spaces[i].Name, defaultAccount))
	}
	for i := range s.bindings {
		for _, named := range s.bindings[i].Subjects {
			if subject, ok := subjectOf(named, s.bindings[i].Ref.Namespace); ok && subject.Namespace != "" {
				all = append(all, subject)
			}
		}
	}
	slices.SortFunc(all, Subject.Compare)
	return slices.Compact(all)
}

// learn takes note of who can do something, and reports whether that is more
// than before.
func (s *search) learn(grants []Grant) (more bool) {
	for _, g := range grants {
		for _, subject := range g.Subjects {
			if !s.strong[subject] && !subject.anybody() {
				s.strong[subject], more = true, true
			}
		}
	}
	s.able = map[string][]Subject{}
	for _, a := range s.accounts {
		if s.isAble(a) {
			s.able[a.Namespace] = append(s.able[a.Namespace], a)
		}
	}
	return more
}

// isAble reports whether a service account can do what is asked about, itself or
// as a member of its groups.
func (s *search) isAble(a Subject) bool {
	return s.strong[a] || slices.ContainsFunc(a.Groups(), func(group string) bool { return s.strong[groupOf(group)] })
}

// givenBy returns the rights that a role gives, once for all its bindings.
func (s *search) givenBy(role rbac.Ref) []given {
	list, known := s.given[role]
	if known {
		return list
	}
	for i := range s.rights {
		for j := range s.rights[i].permissions {
			list = append(list, s.rights[i].permissions[j].in(i, s.roles[role])...)
		}
	}
	s.given[role] = list
	return list
}

// in returns what some rules give of a permission: verbs that reach the same
// objects of the same resources are one.
func (p *permission) in(right int, rules []rbacv1.PolicyRule) (list []given) {
	for _, resource := range p.resources {
		first := len(list)
		for _, verb := range p.verbs {
			r := reachOf(rules, verb, p.group, resource).only(p.counts)
			if r.none() {
				continue
			}
			if same := slices.IndexFunc(list[first:], func(g given) bool { return g.reach.equal(r) }); same >= 0 {
				list[first+same].verbs = append(list[first+same].verbs, verb)
			} else {
				list = append(list, given{right, p, []string{verb}, []string{resource}, r})
			}
		}
	}
	var joined []given
	for _, g := range list {
		same := slices.IndexFunc(joined, func(j given) bool { return j.reach.equal(g.reach) && slices.Equal(j.verbs, g.verbs) })
		if same < 0 {
			joined = append(joined, g)
			continue
		}
		joined[same].resources = append(joined[same].resources, g.resources...)
	}
	return joined
}

// missing returns what could not be listed and matters here.
func missing(inv *inventory.Inventory) []inventory.Missing {
	var found []inventory.Missing
	for _, m := range inv.Missing {
		switch m.Resource {
		case "namespaces", "serviceaccounts", "customresourcedefinitions.apiextensions.k8s.io",
			"clusterroles." + rbacGroup, "clusterrolebindings." + rbacGroup, "roles." + rbacGroup, "rolebindings." + rbacGroup:
			found = append(found, m)
		}
	}
	if len(inv.Only) > 0 {
		reason := "only " + strings.Join(inv.Only, ", ") + " was asked for when the cluster was listed"
		for _, resource := range []string{"namespaces", "serviceaccounts", "roles." + rbacGroup, "rolebindings." + rbacGroup} {
			found = append(found, inventory.Missing{Resource: resource, Reason: reason})
		}
	}
	return found
}

// lacks reports whether a resource could not be listed in a namespace.
func lacks(list []inventory.Missing, resource, namespace string) bool {
	return slices.ContainsFunc(list, func(m inventory.Missing) bool {
		return m.Resource == resource && (m.Namespace == "" || m.Namespace == namespace)
	})
}

// unknown returns the bindings to roles that could not be seen.
func (s *search) unknown(missing []inventory.Missing) []Grant {
	var found []Grant
	for i := range s.bindings {
		b := &s.bindings[i]
		resource := "clusterroles." + rbacGroup
		if b.Role.Kind == rbac.KindRole {
			resource = "roles." + rbacGroup
		}
		if _, seen := s.roles[b.Role]; seen || !lacks(missing, resource, b.Role.Namespace) || !s.asked(b.Ref.Namespace) {
			continue
		}
		g := Grant{Binding: b.Ref, Role: b.Role}
		for _, named := range b.Subjects {
			if subject, ok := subjectOf(named, b.Ref.Namespace); ok {
				g.Subjects = append(g.Subjects, subject)
			}
		}
		if len(g.Subjects) > 0 {
			found = append(found, g)
		}
	}
	return found
}

// asked reports whether a binding in a namespace, or in none, is asked about.
func (s *search) asked(namespace string) bool {
	return namespace == "" || len(s.question.Namespaces) == 0 || slices.Contains(s.question.Namespaces, namespace)
}
