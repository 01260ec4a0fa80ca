package plan

import (
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// unit is what people fix as one: a workload with the pods it made, the pods of
// a controller that was not seen, or a pod that stands alone.
type unit struct {
	object    workload.Object
	templates []inventory.Template
	pods      []alike
}

// alike are pods that have one view.
type alike struct {
	view  *inventory.View
	count int
}

// views are all that the unit's pods look like, or will.
func (u *unit) views() []*inventory.View {
	all := make([]*inventory.View, 0, len(u.templates)+len(u.pods))
	for i := range u.templates {
		all = append(all, u.templates[i].View)
	}
	for _, p := range u.pods {
		all = append(all, p.view)
	}
	return all
}

func (u *unit) running() int {
	n := 0
	for _, p := range u.pods {
		n += p.count
	}
	return n
}

func (u *unit) partial() bool {
	for i := range u.templates {
		if u.templates[i].Partial {
			return true
		}
	}
	return false
}

// unitsOf returns the units of a namespace: the workloads in their order, then
// the rest in the order of the pods.
func unitsOf(ns *inventory.Namespace) []unit {
	units := make([]unit, 0, len(ns.Workloads))
	of := make(map[*inventory.Workload]int, len(ns.Workloads))
	for _, w := range ns.Workloads {
		of[w] = len(units)
		units = append(units, unit{
			object:    workload.Object{APIVersion: w.APIVersion, Kind: w.Kind, Namespace: ns.Name, Name: w.Name},
			templates: w.Templates,
		})
	}
	others := map[workload.Object]int{}
	type place struct {
		unit int
		view *inventory.View
	}
	places := map[place]int{}
	for i := range ns.Pods {
		p := &ns.Pods[i]
		at, ok := of[p.Workload]
		if !ok {
			o := standing(p, ns.Name)
			if at, ok = others[o]; !ok || o.Name == "" {
				at = len(units)
				others[o] = at
				units = append(units, unit{object: o})
			}
		}
		u := &units[at]
		key := place{at, p.View}
		if found, ok := places[key]; ok {
			u.pods[found].count++
			continue
		}
		places[key] = len(u.pods)
		u.pods = append(u.pods, alike{p.View, 1})
	}
	return units
}

// standing is who stands for a pod that no workload made: its controller, unless
// that is the node it runs on.
func standing(p *inventory.Pod, namespace string) workload.Object {
	c := p.Controller
	if c.Name == "" || c.Kind == "Node" {
		return workload.Object{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: p.Name}
	}
	return workload.Object{APIVersion: c.APIVersion, Kind: c.Kind, Namespace: namespace, Name: c.Name}
}
