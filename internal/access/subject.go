package access

import (
	"cmp"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Names that the API server gives a meaning.
const (
	accountPrefix     = "system:serviceaccount:"
	everyAccount      = "system:serviceaccounts"
	authenticated     = "system:authenticated"
	unauthenticated   = "system:unauthenticated"
	anonymous         = "system:anonymous"
	masters           = "system:masters"
	systemNamespace   = "kube-system"
	defaultAccount    = "default"
	systemNamePrefix  = "system:"
	accountsOfPrefix  = everyAccount + ":"
	accountSeparators = ":"
)

// Subject is who has a right: a User, a Group or a ServiceAccount, which alone
// has a namespace.
type Subject struct{ Kind, Namespace, Name string }

// Compare orders subjects by kind, namespace and name.
func (s Subject) Compare(other Subject) int {
	return cmp.Or(cmp.Compare(s.Kind, other.Kind), cmp.Compare(s.Namespace, other.Namespace), cmp.Compare(s.Name, other.Name))
}

// account returns a service account.
func account(namespace, name string) Subject {
	return Subject{rbacv1.ServiceAccountKind, namespace, name}
}

func groupOf(name string) Subject { return Subject{Kind: rbacv1.GroupKind, Name: name} }

func userOf(name string) Subject { return Subject{Kind: rbacv1.UserKind, Name: name} }

// anybody reports whether the subject is everybody who reaches the API server:
// nobody becomes more by becoming them.
func (s Subject) anybody() bool {
	return s == groupOf(authenticated) || s == groupOf(unauthenticated) || s == userOf(anonymous)
}

// subjectOf returns whom a binding in a namespace means. It is nobody if the API
// server would find nobody.
func subjectOf(s rbacv1.Subject, namespace string) (Subject, bool) {
	switch s.Kind {
	case rbacv1.UserKind:
		if ns, name, ok := strings.Cut(strings.TrimPrefix(s.Name, accountPrefix), accountSeparators); ok && strings.HasPrefix(s.Name, accountPrefix) {
			return account(ns, name), true
		}
		return userOf(s.Name), true
	case rbacv1.GroupKind:
		return groupOf(s.Name), true
	case rbacv1.ServiceAccountKind:
		ns := cmp.Or(s.Namespace, namespace)
		return account(ns, s.Name), ns != ""
	}
	return Subject{}, false
}

// Username returns the name under which the API server knows a user or a service
// account, and nothing for a group.
func (s Subject) Username() string {
	switch s.Kind {
	case rbacv1.UserKind:
		return s.Name
	case rbacv1.ServiceAccountKind:
		return accountPrefix + s.Namespace + accountSeparators + s.Name
	}
	return ""
}

// Groups returns the groups that a service account is in.
func (s Subject) Groups() []string {
	return []string{everyAccount, accountsOfPrefix + s.Namespace, authenticated}
}

// System reports whether the subject is a component of Kubernetes: a user or
// group with a name of the system's own, or a service account of kube-system.
// The groups of everybody, and of all service accounts, are nothing of the kind.
func (s Subject) System() bool {
	if s.Kind == rbacv1.ServiceAccountKind {
		return s.Namespace == systemNamespace
	}
	switch s.Name {
	case everyAccount, authenticated, unauthenticated, anonymous:
		return false
	}
	if ns, ok := strings.CutPrefix(s.Name, accountsOfPrefix); ok {
		return ns == systemNamespace
	}
	return strings.HasPrefix(s.Name, systemNamePrefix) && !strings.HasPrefix(s.Name, accountPrefix)
}
