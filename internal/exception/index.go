package exception

import (
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/match"
)

// key is what something has that is meant by name, or by a label.
type key struct{ name, label, value string }

// keysOf returns keys of which everything that is meant has one; nil if there are
// none such.
func keysOf(names []string, selector labels.Selector) []key {
	if label, value, ok := match.Label(selector); ok && names == nil {
		return []key{{label: label, value: value}}
	}
	var keys []key
	for _, name := range names {
		keys = append(keys, key{name: name})
	}
	return keys
}

// keys yields those that something with a name and labels has.
func keys(name string, set map[string]string) iter.Seq[key] {
	return func(yield func(key) bool) {
		if !yield(key{name: name}) {
			return
		}
		for label, value := range set {
			if !yield(key{label: label, value: value}) {
				return
			}
		}
	}
}

// index finds exceptions by what their pods have: those for others cost nothing.
type index struct {
	all   []*Exception
	byKey map[key][]*Exception
	rest  []*Exception // of which nothing is known
}

func (x *index) add(e *Exception) {
	x.all = append(x.all, e)
	var of []key
	if e.pods != nil {
		of = keysOf(e.pods.serviceAccounts, e.pods.selector)
	}
	if of == nil {
		x.rest = append(x.rest, e)
		return
	}
	if x.byKey == nil {
		x.byKey = map[key][]*Exception{}
	}
	for _, k := range of {
		if !slices.Contains(x.byKey[k], e) {
			x.byKey[k] = append(x.byKey[k], e)
		}
	}
}

// of yields the exceptions that may be for a pod.
func (x *index) of(p *Pod, yield func(*Exception)) {
	for _, e := range x.rest {
		yield(e)
	}
	if len(x.byKey) == 0 {
		return
	}
	for k := range keys(p.serviceAccount(), p.Extra.Labels) {
		for _, e := range x.byKey[k] {
			yield(e)
		}
	}
}
