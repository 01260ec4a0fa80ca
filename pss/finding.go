package pss

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Finding is one offender of a control: one place in a pod with the value found
// there. It borrows from the Pod it was found in.
type Finding struct {
	// Container is the container that offends, or nil for the pod itself.
	Container *Container
	// Value is what the pod says at the path, null if it says nothing there.
	Value Value
	// Allowed says in words which values the control allows there.
	Allowed string
	// Fix says in words how to make the finding go away.
	Fix string
	// Explicit tells a value that the pod states from a required one that is
	// missing.
	Explicit bool

	field string // below the container or the spec; "[*]" stands for index
	index int
	key   string // of the annotation
}

const annotationField = "metadata.annotations"

// Path returns where the finding is, from the pod's root:
// spec.initContainers[0].securityContext.capabilities.add[1], or
// metadata.annotations["key"].
func (f Finding) Path() string {
	b := make([]byte, 0, 96)
	switch {
	case f.field == annotationField:
		b = append(b, annotationField+"["...)
		b = strconv.AppendQuote(b, f.key)
		return string(append(b, ']'))
	case f.Container != nil:
		b = append(b, "spec."...)
		b = append(b, f.Container.Kind.Field()...)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(f.Container.Index), 10)
		b = append(b, "]."...)
	default:
		b = append(b, "spec."...)
	}
	before, after, indexed := strings.Cut(f.field, "[*]")
	b = append(b, before...)
	if indexed {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(f.index), 10)
		b = append(b, ']')
		b = append(b, after...)
	}
	return string(b)
}

// Volume returns the volume that offends, by its place in the pod's volumes; ok
// is false if the finding is not about a volume.
func (f Finding) Volume() (index int, ok bool) {
	return f.index, f.Container == nil && strings.HasPrefix(f.field, "volumes[*]")
}

// Value is a value found in a manifest: null, a boolean, an integer, a string
// or a list of strings. The zero Value is null.
type Value struct {
	kind valueKind
	n    int64
	s    string
	list []string
}

type valueKind uint8

const (
	nullValue valueKind = iota
	boolValue
	intValue
	stringValue
	listValue
)

// BoolValue returns a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: boolValue, n: 1}
	}
	return Value{kind: boolValue}
}

// IntValue returns an integer.
func IntValue(n int64) Value { return Value{kind: intValue, n: n} }

// StringValue returns a string.
func StringValue(s string) Value { return Value{kind: stringValue, s: s} }

// ListValue returns a list of strings, which it borrows; no strings give null.
func ListValue(list []string) Value {
	if len(list) == 0 {
		return Value{}
	}
	return Value{kind: listValue, list: list}
}

// Any returns the value as nil, bool, int64, string or []string.
func (v Value) Any() any {
	switch v.kind {
	case boolValue:
		return v.n == 1
	case intValue:
		return v.n
	case stringValue:
		return v.s
	case listValue:
		return append([]string(nil), v.list...)
	case nullValue:
	}
	return nil
}

// IsNull reports whether there is no value.
func (v Value) IsNull() bool { return v.kind == nullValue }

// String returns the value as a person would write it, a list in brackets; null
// is empty. Nothing is escaped.
func (v Value) String() string {
	switch v.kind {
	case boolValue:
		return strconv.FormatBool(v.n == 1)
	case intValue:
		return strconv.FormatInt(v.n, 10)
	case stringValue:
		return v.s
	case listValue:
		return "[" + strings.Join(v.list, ", ") + "]"
	case nullValue:
	}
	return ""
}

// MarshalJSON writes the value as plain JSON.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Any()) }
