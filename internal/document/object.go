package document

// Ref names a document.
type Ref struct{ Kind, Name string }

// Object is a document that is an object of a cluster.
type Object struct {
	Kind, Name string
	// JSON is the object without its status, and without metadata but its name.
	JSON []byte
}
