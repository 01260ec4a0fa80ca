package psp

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
)

// Kind is the kind of the objects that this package is about.
const Kind = "PodSecurityPolicy"

// IsPolicy reports whether an object is a PodSecurityPolicy.
func IsPolicy(apiVersion, kind string) bool {
	return kind == Kind && (apiVersion == "policy/v1beta1" || apiVersion == "extensions/v1beta1")
}

// Unknown is a field that PodSecurityPolicy does not have: the API server left
// it out.
type Unknown struct {
	// Path is where it stands.
	Path string
	// Known are the fields there that a policy has; nil where not even its parent
	// is one.
	Known []string
}

// Parse reads a policy from its JSON. The error is one line for each thing that
// the API server would have refused the policy for; no such policy can have been
// in force.
func Parse(text []byte) (*Policy, []Unknown, error) {
	var object struct {
		metav1.TypeMeta `json:",inline"`

		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     Spec              `json:"spec"`
	}
	odd, err := json.UnmarshalStrict(text, &object)
	if err != nil {
		return nil, nil, fmt.Errorf("it is no PodSecurityPolicy: %w", err)
	}
	p := &Policy{Name: object.Metadata.Name, Annotations: object.Metadata.Annotations, Spec: object.Spec}
	return p, unknown(odd), errors.Join(p.faults()...)
}

// unknown picks the unknown fields of the policy itself from what the decoder
// remarked; what metadata holds is another matter.
func unknown(remarks []error) []Unknown {
	var found []Unknown
	for _, remark := range remarks {
		quoted, ok := strings.CutPrefix(remark.Error(), "unknown field ")
		path := strings.Trim(quoted, `"`)
		if !ok || strings.HasPrefix(path, "metadata.") || strings.HasPrefix(path, "status") {
			continue
		}
		u := Unknown{Path: path}
		if !strings.Contains(path, ".") {
			u.Known = []string{"apiVersion", "kind", "metadata", "spec"}
		} else if parent, ok := fieldOf(reflect.TypeFor[Spec](), strings.Split(path, ".")[1:]); ok {
			u.Known = parent
		}
		found = append(found, u)
	}
	return found
}

// fieldOf returns the names of the fields beside the last one of a path.
func fieldOf(t reflect.Type, path []string) ([]string, bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	var names []string
	step, _, _ := strings.Cut(path[0], "[")
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if len(path) > 1 && name == step {
			return fieldOf(t.Field(i).Type, path[1:])
		}
		names = append(names, name)
	}
	return names, len(path) == 1
}
