package admission

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// fill gives a new namespace the labels that guards have for it. It is judged with
// them later, like any other. Whatever else is sent here stays as it is.
func (r *review) fill() Decision {
	if r.guards == nil || !r.req.isCore(namespacesResource) || r.req.Subresource != "" || r.req.Operation != Create {
		return allow()
	}
	ns, d, ok := readNamespace(r.reader, r.req.object(), "")
	if !ok {
		return d
	}
	missing := r.guards.Missing(ns.name, ns.labels)
	if len(missing) == 0 {
		return allow()
	}
	all := maps.Clone(ns.labels)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, missing)
	// All of them, for one cannot be added where there are none.
	patch, err := json.Marshal([]any{struct {
		Op    string            `json:"op"`
		Path  string            `json:"path"`
		Value map[string]string `json:"value"`
	}{"add", "/metadata/labels", all}})
	if err != nil {
		return internalError("failed to fill in labels", err) // never: they are texts
	}
	d = allowWith(FilledKey, filled(missing))
	d.Patch = patch
	return d
}

// filled names labels, sorted.
func filled(labels map[string]string) string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key+"="+labels[key])
	}
	return strings.Join(texts, ", ")
}
