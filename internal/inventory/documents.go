package inventory

import (
	"cmp"
	"strings"
)

// Document is an object of the group gabion.io: a guard, a profile or an exception.
type Document struct {
	Kind, Name string
	// JSON is the object without its status, and without metadata but its name.
	JSON []byte
}

// Compare orders documents by kind and name.
func (d Document) Compare(other Document) int {
	return cmp.Or(strings.Compare(d.Kind, other.Kind), strings.Compare(d.Name, other.Name))
}
