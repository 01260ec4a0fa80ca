package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Request is what somebody asks to do.
type Request struct {
	Verb, Group string
	// Resource may have a subresource: "pods/exec".
	Resource string
	// Namespace is where the object is, empty for one of the cluster.
	Namespace string
	// Name is the object's, empty if the request names none.
	Name string
}

// Allows reports whether a rule allows a request, wherever it is bound.
func Allows(rule *rbacv1.PolicyRule, r *Request) bool {
	return Covers(rule, r.Verb, r.Group, r.Resource) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, r.Name))
}

// Covers reports whether a rule gives a verb on a resource, be it only for the
// names that it lists.
func Covers(rule *rbacv1.PolicyRule, verb, group, resource string) bool {
	return matches(rule.Verbs, verb) && matches(rule.APIGroups, group) && matchesResource(rule.Resources, resource)
}

// matches reports whether a rule lists a word, or the asterisk for any.
func matches(list []string, word string) bool {
	return slices.Contains(list, rbacv1.VerbAll) || slices.Contains(list, word)
}

// matchesResource reports whether a rule lists a resource. "*" stands for all of
// them with all subresources, "*/status" for that subresource of any, and
// nothing else for more than itself: "pods" is not "pods/status", and "pods/*"
// is neither.
func matchesResource(list []string, resource string) bool {
	_, sub, _ := strings.Cut(resource, "/")
	return slices.ContainsFunc(list, func(listed string) bool {
		return listed == rbacv1.ResourceAll || listed == resource || sub != "" && listed == "*/"+sub
	})
}
