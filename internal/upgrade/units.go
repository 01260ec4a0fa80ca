package upgrade

import (
	"cmp"
	"slices"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// Object names a workload, or a pod that none made.
type Object struct{ APIVersion, Kind, Name string }

// unit is what is reported as one: a workload with the pods it has made, however
// many, or a pod that none made.
type unit struct {
	object    Object
	templates []inventory.Template
	pods      []*inventory.Pod
}

// units returns what is in a namespace, by kind and name. Pods whose controller
// was not seen are one unit under its name.
func units(ns *inventory.Namespace) []unit {
	all := make([]unit, 0, len(ns.Workloads))
	place := make(map[*inventory.Workload]int, len(ns.Workloads))
	for _, w := range ns.Workloads {
		place[w] = len(all)
		all = append(all, unit{object: Object{w.APIVersion, w.Kind, w.Name}, templates: w.Templates})
	}
	unseen := map[Object]int{}
	for i := range ns.Pods {
		pod := &ns.Pods[i]
		at, ok := place[pod.Workload]
		controller := Object{pod.Controller.APIVersion, pod.Controller.Kind, pod.Controller.Name}
		controlled := controller.Name != "" && !isNode(pod.Controller)
		if !ok && controlled {
			at, ok = unseen[controller]
		}
		if !ok {
			object := Object{"v1", "Pod", pod.Name}
			if controlled {
				object = controller
				unseen[controller] = len(all)
			}
			at = len(all)
			all = append(all, unit{object: object})
		}
		all[at].pods = append(all[at].pods, pod)
	}
	slices.SortStableFunc(all, func(a, b unit) int {
		x, y := a.object, b.object
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name), cmp.Compare(x.APIVersion, y.APIVersion))
	})
	return all
}

// isNode reports whether the owner is a node: it is that of its static pods,
// which have nothing in common.
func isNode(o workload.Owner) bool { return o.Kind == "Node" && o.APIVersion == "v1" }
