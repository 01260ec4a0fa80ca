package rbac

import (
	"cmp"
	"slices"

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

// NewUser returns a user with the groups given and the one that the API server
// adds: everybody is authenticated, but for the anonymous user.
func NewUser(name string, groups ...string) User {
	everybody := authenticated
	if name == anonymous {
		everybody = unauthenticated
	}
	all := slices.Clone(groups)
	if !slices.Contains(all, everybody) {
		all = append(all, everybody)
	}
	return User{Name: name, Groups: all}
}

// ServiceAccount returns the user that a service account is.
func ServiceAccount(namespace, name string) User {
	return NewUser(accountPrefix+namespace+":"+name, accountsGroup, accountsGroup+":"+namespace)
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
