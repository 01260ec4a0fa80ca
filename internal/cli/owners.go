package cli

import (
	"strings"

	"github.com/gabion-security/gabion/internal/preview"
)

// waiting is a workload with the pods it will make.
type waiting struct {
	key, controller objectKey
	pods            []preview.Pod
}

// objectKey names an object within the input. The API version is left out,
// because an owner may be named by an older one.
type objectKey struct{ namespace, group, kind, name string }

func keyOf(namespace, apiVersion, kind, name string) objectKey {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group = ""
	}
	return objectKey{namespace, group, kind, name}
}

// uncontrolled returns the workloads but those that another one controls which
// stands for them. It does if its name tells it from all others in the input,
// and it is itself returned or stood for: an object may say that it controls
// itself, or that a circle of others does, and must not disappear for it.
func uncontrolled(all []waiting) []waiting {
	named := map[objectKey]int{}
	for i := range all {
		named[all[i].key]++
	}
	stands := func(key objectKey) bool { return key.name != "" && named[key] == 1 }
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
	var found []waiting
	for _, w := range all {
		if !covered[w.controller] {
			found = append(found, w)
		}
	}
	return found
}
