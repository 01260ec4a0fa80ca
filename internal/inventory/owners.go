package inventory

import (
	"strings"

	"github.com/gabion-security/gabion/workload"
)

// objectKey names an object within its namespace. The API version is left out,
// because an owner may be named by an older one.
type objectKey struct{ group, kind, name string }

func keyOf(apiVersion, kind, name string) objectKey {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group = ""
	}
	return objectKey{group, kind, name}
}

func controllerKey(o workload.Owner) objectKey { return keyOf(o.APIVersion, o.Kind, o.Name) }

// tell returns whether a key tells its workload from all others.
func tell(all []made) func(objectKey) bool {
	named := map[objectKey]int{}
	for i := range all {
		named[all[i].key]++
	}
	return func(key objectKey) bool { return key.name != "" && named[key] == 1 }
}

// topmost returns the workloads but those that another one controls which stands
// for them. It does if its name tells it from all others, and it is itself
// returned or stood for: an object may say that it controls itself, or that a
// circle of others does, and must not disappear for it.
func topmost(all []made) []made {
	stands := tell(all)
	controlled := map[objectKey][]objectKey{}
	var next []objectKey
	for _, w := range all {
		switch {
		case !stands(w.controller):
			next = append(next, w.key)
		case stands(w.key):
			controlled[w.controller] = append(controlled[w.controller], w.key)
		}
	}
	covered := map[objectKey]bool{}
	for len(next) > 0 {
		key := next[0]
		next = next[1:]
		if stands(key) && !covered[key] {
			covered[key] = true
			next = append(next, controlled[key]...)
		}
	}
	var found []made
	for _, w := range all {
		if !covered[w.controller] {
			found = append(found, w)
		}
	}
	return found
}

// makers returns a function that finds the topmost workload which stands for a
// controller, nil if there is none.
func makers(all, top []made) func(objectKey) *Workload {
	stands := tell(all)
	controllers := make(map[objectKey]objectKey, len(all))
	for _, w := range all {
		controllers[w.key] = w.controller
	}
	standing := make(map[objectKey]*Workload, len(top))
	for _, w := range top {
		standing[w.key] = w.workload
	}
	return func(key objectKey) *Workload {
		for range all { // a chain is no longer than that, unless it is a circle
			if !stands(key) {
				return nil
			}
			if w := standing[key]; w != nil {
				return w
			}
			key = controllers[key]
		}
		return nil
	}
}
