package admission

import "github.com/gabion-security/gabion/workload"

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

// Reads says by which Reader the objects of a review that asks for a decision are best
// read on the way: the one that Decide needs first, nil if it needs none. It goes by
// what is known then; what Decide needs to have been read by another is read again.
func (c *Controller) Reads(v *workload.Review) *workload.Reader {
	s := c.state.Load()
	core := v.Resource.Group == ""
	switch {
	case core && v.Resource.Resource == namespacesResource:
		return c.reader
	case s.config.Exemptions.Namespace(v.Namespace), s.config.Exemptions.Username(v.Username):
		return nil
	case core && v.Resource.Resource == podsResource:
		switch {
		case ignored(v.Subresource):
			return nil
		case v.Operation == Update:
			return c.whole
		}
		return c.reader
	case v.Subresource != "":
		return nil
	case isCustom(v.Resource.Group):
		return s.custom
	}
	return c.reader
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
