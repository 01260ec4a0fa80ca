package match

import (
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Namespaces are some of a cluster's namespaces. The zero Namespaces are none.
type Namespaces struct {
	all      bool
	names    []string        // nil if any name is meant
	selector labels.Selector // nil if any labels are meant
	except   []string
}

// NewNamespaces compiles what a document says of namespaces in a field. What
// states nothing is an error: it could be read as every namespace.
func NewNamespaces(field string, n v1alpha1.Namespaces) (Namespaces, error) {
	named := n.Names != nil || n.Selector != nil
	switch {
	case !n.All && !named:
		return Namespaces{}, fmt.Errorf("%s: state names, a selector or both, or all: true for every namespace", field)
	case n.All && named:
		return Namespaces{}, fmt.Errorf("%s: all: true stands beside names or a selector: state one of them", field)
	}
	if err := namespaceNames(field+".names", n.Names); err != nil {
		return Namespaces{}, err
	}
	if err := namespaceNames(field+".except", n.Except); err != nil {
		return Namespaces{}, err
	}
	selector, err := Selector(field+".selector", n.Selector)
	if err != nil {
		return Namespaces{}, err
	}
	return Namespaces{all: n.All, names: n.Names, selector: selector, except: n.Except}, nil
}

// Match reports whether a namespace is meant.
func (n *Namespaces) Match(name string, set map[string]string) bool {
	switch {
	case slices.Contains(n.except, name):
		return false
	case n.all:
		return true
	case n.names == nil && n.selector == nil:
		return false
	}
	return (n.names == nil || slices.Contains(n.names, name)) && (n.selector == nil || n.selector.Matches(labels.Set(set)))
}

// Excepts reports whether a namespace would be meant if its name were not excepted.
func (n *Namespaces) Excepts(name string, set map[string]string) bool {
	if !slices.Contains(n.except, name) {
		return false
	}
	all := *n
	all.except = nil
	return all.Match(name, set)
}

// MayMatch reports whether a namespace of which no label is known may be meant.
func (n *Namespaces) MayMatch(name string) bool {
	known := *n
	known.selector = nil
	return known.Match(name, nil) || n.names == nil && n.selector != nil && !slices.Contains(n.except, name)
}

// ByName returns the only names that can be meant, nil if it is not names that
// say so.
func (n *Namespaces) ByName() []string { return n.names }

// All reports whether every namespace is meant, but for those excepted.
func (n *Namespaces) All() bool { return n.all }

// Selector returns what the labels of those that are meant have to meet, nil if
// that is nothing.
func (n *Namespaces) Selector() labels.Selector { return n.selector }

// Label returns a label without which nothing is selected, with the values that it
// may have, nil for any; ok is false if there is none such.
func Label(selector labels.Selector) (key string, values []string, ok bool) {
	if selector == nil {
		return "", nil, false
	}
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		switch r.Operator() {
		case selection.Equals, selection.DoubleEquals, selection.In:
			if of := r.Values().UnsortedList(); values == nil || len(of) < len(values) {
				key, values, ok = r.Key(), of, true
			}
		case selection.Exists, selection.GreaterThan, selection.LessThan:
			if !ok {
				key, ok = r.Key(), true
			}
		case selection.NotEquals, selection.NotIn, selection.DoesNotExist:
		}
	}
	return key, values, ok
}

// Selector compiles a selector; nil is none. An empty one, which would select
// everything, is an error.
func Selector(field string, s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	if len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0 {
		return nil, fmt.Errorf("%s is empty and would select everything: write a label into it, or remove it", field)
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return selector, nil
}

// namespaceNames checks names of namespaces: one that no namespace can have would
// be read as a pattern by some.
func namespaceNames(field string, names []string) error {
	if err := Names(field, names); err != nil {
		return err
	}
	for i, name := range names {
		if len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("%s[%d]: no namespace can have the name %q: write whole names, or select by labels", field, i, name)
		}
	}
	return nil
}

// Name checks the name of a document, as the API server does.
func Name(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("metadata.name is missing: give the %s a name", kind)
	case len(validation.IsDNS1123Subdomain(name)) > 0:
		return fmt.Errorf("metadata.name: %q can be no object's name: use small letters, digits, hyphens and dots", name)
	}
	return nil
}

var errEmptyList = errors.New("the list is empty: write something into it, or remove it")

// Names checks a list of names; nil is none. One that is empty, or has an empty
// name or the same one twice, is an error.
func Names(field string, names []string) error {
	if names != nil && len(names) == 0 {
		return fmt.Errorf("%s: %w", field, errEmptyList)
	}
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("%s[%d]: a name is empty", field, i)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s[%d]: %q stands in the list twice", field, i, name)
		}
	}
	return nil
}
