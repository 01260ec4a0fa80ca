package admission

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
}

// The resources that have rules of their own, in the core group.
const (
	podsResource       = "pods"
	namespacesResource = "namespaces"
)

// isCore reports whether the request is for the resource of the core group.
func (r *Request) isCore(resource string) bool { return r.Group == "" && r.Resource == resource }
