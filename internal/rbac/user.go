package rbac

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Names that the API server gives a meaning.
const (
	accountPrefix   = "system:serviceaccount:"
	accountsGroup   = "system:serviceaccounts"
	authenticated   = "system:authenticated"
	unauthenticated = "system:unauthenticated"
	anonymous       = "system:anonymous"
	masters         = "system:masters"
)

// User is who asks, as authentication told the API server.
type User struct {
	Name   string
	Groups []string
}

// NewUser returns a user with the groups given and those that the API server adds:
// everybody is authenticated, but for the anonymous user, and service accounts are
// in two groups by their names.
func NewUser(name string, groups ...string) User {
	own := []string{authenticated}
	if name == anonymous {
		own = []string{unauthenticated}
	}
	if account, ok := strings.CutPrefix(name, accountPrefix); ok {
		if namespace, _, ok := strings.Cut(account, ":"); ok {
			own = append(own, accountsGroup, accountsGroup+":"+namespace)
		}
	}
	all := slices.Clone(groups)
	for _, group := range own {
		if !slices.Contains(all, group) {
			all = append(all, group)
		}
	}
	return User{Name: name, Groups: all}
}

// ServiceAccount returns the user that a service account is.
func ServiceAccount(namespace, name string) User {
	return NewUser(accountPrefix + namespace + ":" + name)
}

// is reports whether a subject of a binding in a namespace, or in none, means
// the user.
func (u *User) is(s *rbacv1.Subject, namespace string) bool {
	switch s.Kind {
	case rbacv1.UserKind:
		return s.Name == u.Name
	case rbacv1.GroupKind:
		return slices.Contains(u.Groups, s.Name)
	case rbacv1.ServiceAccountKind:
		in := cmp.Or(s.Namespace, namespace)
		return in != "" && u.Name == accountPrefix+in+":"+s.Name
	}
	return false
}
