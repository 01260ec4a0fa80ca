package admission

import (
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// The operations that Pod Security admission is asked about.
const (
	Create = "CREATE"
	Update = "UPDATE"
)

// Request is what an API server asks, as far as Pod Security admission looks at
// it.
type Request struct {
	// Mutating says that the API server asks for changes of the object, and for
	// nothing else: what becomes of the request is decided later.
	Mutating bool
	// DryRun says that nothing comes of the request.
	DryRun bool
	// Operation is what is being done: Create or Update. Every other operation
	// on pods is judged like Create, and on namespaces allowed.
	Operation string
	// Group, Resource and Subresource name what is asked for, such as "apps",
	// "deployments" and "scale".
	Group, Resource, Subresource string
	// Kind is the kind of the object, for messages, and KindGroup its group.
	Kind, KindGroup string
	// Namespace and Name are those of the request. The Name may be empty.
	Namespace, Name string
	// Username is the name of the user who asks.
	Username string
	// UserInfo is all that is known of the user, a UserInfo of
	// authentication.k8s.io/v1 in JSON. It is only read, and only if a guard
	// demands a right.
	UserInfo []byte
	// Object and OldObject are the objects in JSON, after and before the
	// operation. They are only read, and only if the decision needs them.
	Object, OldObject []byte
	// ObjectRead and OldObjectRead are what ReadBy, a Reader that Reads asked for, has
	// made of them; nil if they are still to be read.
	ObjectRead, OldObjectRead *workload.Item
	ReadBy                    *workload.Reader
}

// The resources that have rules of their own, in the core group.
const (
	podsResource       = "pods"
	namespacesResource = "namespaces"
)

// isCore reports whether the request is for the resource of the core group.
func (r *Request) isCore(resource string) bool { return r.Group == "" && r.Resource == resource }

// Reads says by which Reader the object of a review that asks for a decision is best
// read on the way, and whether the old one, too: by the one that Decide needs first, nil
// if it may need none. It goes by what is known then; what Decide needs to have been
// read by another is read again. A custom resource may take long, so that it is read
// only once it is known to count.
func (c *Controller) Reads(v *workload.Review) (by *workload.Reader, old bool) {
	s := c.state.Load()
	pod := v.Resource.Group == "" && v.Resource.Resource == podsResource
	switch {
	case v.Resource.Group == "" && v.Resource.Resource == namespacesResource:
		return c.reader, true
	case s.config.Exemptions.Namespace(v.Namespace), s.config.Exemptions.Username(v.Username):
		return nil, false
	case pod && ignored(v.Subresource), !pod && (v.Subresource != "" || isCustom(v.Resource.Group)), c.demandsNothing(s, v.Namespace, pod):
		return nil, false
	case pod && v.Operation == Update:
		return c.whole, true
	}
	return c.reader, false
}

// demandsNothing reports whether it is known that whatever stands in a pod of the
// namespace, or in the template of one, is allowed without a word.
func (c *Controller) demandsNothing(s *state, namespace string, pod bool) bool {
	labels, ok := c.namespaces.Known(namespace)
	if !ok || s.podGuards != nil {
		return false
	}
	policy, errs := pss.PolicyFromLabels(labels, s.config.Defaults)
	return asksNothing(policy, errs, pod)
}

// asksNothing reports whether a policy allows whatever stands in a pod without a word,
// or in a workload, for which what is enforced does not count.
func asksNothing(policy pss.Policy, errs pss.LabelErrors, pod bool) bool {
	if !pod {
		policy.Enforce = pss.LevelVersion{Level: pss.Privileged}
	}
	return len(errs) == 0 && policy.FullyPrivileged()
}

// object is one of the objects of the request.
func (r *Request) object() unread    { return unread{r.Object, r.ObjectRead, r.ReadBy} }
func (r *Request) oldObject() unread { return unread{r.OldObject, r.OldObjectRead, r.ReadBy} }

// unread is an object that a Reader may have read already.
type unread struct {
	raw  []byte
	read *workload.Item
	by   *workload.Reader
}

// item returns what a Reader makes of the object.
func (u unread) item(by *workload.Reader) workload.Item {
	if u.read != nil && u.by == by {
		return *u.read
	}
	return by.ReadObject(u.raw)
}
