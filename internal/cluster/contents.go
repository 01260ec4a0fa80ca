package cluster

import "github.com/gabion-security/gabion/internal/admission"

// namespaces are the labels of namespaces by name.
type namespaces map[string]map[string]string

func newNamespaces() namespaces { return namespaces{} }

func (n namespaces) set(o *object)    { n[o.name] = o.labels }
func (n namespaces) remove(o *object) { delete(n, o.name) }
func (n namespaces) len() int         { return len(n) }

// pods are the pods of each namespace that has some, by name.
type pods struct {
	of    map[string]map[string]*view
	count int
}

func newPods() *pods { return &pods{of: map[string]map[string]*view{}} }

func (p *pods) set(o *object) {
	inside := p.of[o.namespace]
	if inside == nil {
		inside = map[string]*view{}
		p.of[o.namespace] = inside
	}
	before := len(inside)
	inside[o.name] = o.view
	p.count += len(inside) - before
}

func (p *pods) remove(o *object) {
	inside := p.of[o.namespace]
	before := len(inside)
	delete(inside, o.name)
	p.count += len(inside) - before
	if len(inside) == 0 {
		delete(p.of, o.namespace) // maps never shrink
	}
}

func (p *pods) len() int { return p.count }

// list returns the pods of a namespace.
func (p *pods) list(namespace string) []admission.ExistingPod {
	inside := p.of[namespace]
	all := make([]admission.ExistingPod, 0, len(inside))
	for name, v := range inside {
		all = append(all, admission.ExistingPod{Name: name, Pod: &v.pod, RuntimeClass: v.runtimeClass, Extra: v.extra})
	}
	return all
}
