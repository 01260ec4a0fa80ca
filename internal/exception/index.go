package exception

import (
	"iter"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gabion-security/gabion/internal/match"
)

// property says by what something is found.
type property uint8

const (
	nameKey property = 1 << iota
	labelKey
	anyLabelKey // with any value
	runtimeClassKey
	containerKey
	repositoryKey // or by what one begins with, part by part
)

// key is something that a namespace or a pod has: a name, such as that of a pod's
// service account, a label with its value, or what else there is.
type key struct {
	property
	name, value string
}

// keysOf returns keys of which everything that is meant has one; nil if there are
// none such.
func keysOf(names []string, selector labels.Selector) []key {
	if names != nil {
		return keysFor(nameKey, names)
	}
	label, values, ok := match.Label(selector)
	if !ok {
		return nil
	}
	if values == nil {
		return []key{{anyLabelKey, label, ""}}
	}
	keys := make([]key, len(values))
	for i, value := range values {
		keys[i] = key{labelKey, label, value}
	}
	return keys
}

func keysFor(p property, names []string) []key {
	keys := make([]key, len(names))
	for i, name := range names {
		keys[i] = key{p, name, ""}
	}
	return keys
}

// keysOfPods is keysOf for the pods of which an exception may cover something.
func keysOfPods(e *Exception) []key {
	var keys []key
	if e.pods != nil {
		keys = keysOf(e.pods.serviceAccounts, e.pods.selector)
	}
	if c := e.containers; keys == nil && c != nil && c.images != nil {
		prefixes := make([]string, len(c.images))
		for i, pattern := range c.images {
			prefixes[i] = pattern.Prefix()
		}
		keys = keysFor(repositoryKey, prefixes)
	}
	if keys == nil && e.containers != nil && e.containers.names != nil {
		keys = keysFor(containerKey, e.containers.names)
	}
	if keys == nil && e.pods != nil && e.pods.runtimeClasses != nil {
		keys = keysFor(runtimeClassKey, e.pods.runtimeClasses)
	}
	return keys
}

// keys yields those that something with a name and labels has.
func keys(name string, set map[string]string) iter.Seq[key] {
	return func(yield func(key) bool) {
		if !yield(key{nameKey, name, ""}) {
			return
		}
		for label, value := range set {
			if !yield(key{labelKey, label, value}) || !yield(key{anyLabelKey, label, ""}) {
				return
			}
		}
	}
}

// index finds exceptions by what their pods have: those for others cost nothing.
type index struct {
	all   []*Exception
	byKey map[key][]*Exception
	has   property     // those of the keys
	rest  []*Exception // of which nothing is known
	// longest is how long the longest key of a repository is.
	longest int
}

func (x *index) add(e *Exception) {
	x.all = append(x.all, e)
	of := keysOfPods(e)
	if of == nil {
		x.rest = append(x.rest, e)
		return
	}
	if x.byKey == nil {
		x.byKey = map[key][]*Exception{}
	}
	for _, k := range of {
		x.has |= k.property
		if k.property == repositoryKey {
			x.longest = max(x.longest, len(k.name))
		}
		x.byKey[k] = append(x.byKey[k], e)
	}
}

// of yields the exceptions that may cover something of a pod, some of them more than
// once.
func (x *index) of(p *Pod, yield func(*Exception)) {
	for _, e := range x.rest {
		yield(e)
	}
	found := func(k key) {
		for _, e := range x.byKey[k] {
			yield(e)
		}
	}
	if x.has&(nameKey|labelKey|anyLabelKey) != 0 {
		for k := range keys(p.serviceAccount(), p.Extra.Labels) {
			found(k)
		}
	}
	if x.has&runtimeClassKey != 0 {
		found(key{runtimeClassKey, p.RuntimeClass, ""})
	}
	if x.has&containerKey != 0 {
		for i := range p.Pod.Containers {
			found(key{containerKey, p.Pod.Containers[i].Name, ""})
		}
	}
	if x.has&repositoryKey == 0 {
		return
	}
	for i := range p.Pod.Containers {
		image := p.image(&p.Pod.Containers[i])
		if image == nil {
			continue
		}
		for prefix := range x.prefixes(image.Repository) {
			found(key{repositoryKey, prefix, ""})
		}
	}
}

// prefixes yields what a repository begins with, part by part, and the whole of it, as
// far as there are keys so long: whoever writes a pod may write an image without end.
func (x *index) prefixes(repository string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := range min(len(repository), x.longest+1) {
			if repository[at] == '/' && !yield(repository[:at]) {
				return
			}
		}
		if len(repository) <= x.longest {
			yield(repository)
		}
	}
}
