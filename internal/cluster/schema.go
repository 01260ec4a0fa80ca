package cluster

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// customSchema is what matters of the schema of a custom resource.
type customSchema struct {
	Properties map[string]*customSchema `json:"properties"`
	Items      valueSchema              `json:"items"`
	Values     valueSchema              `json:"additionalProperties"`
	// Preserve says that anything may stand here beside the properties.
	Preserve bool `json:"x-kubernetes-preserve-unknown-fields"`
}

// valueSchema is the schema of the values of a map or the items of a list, nil if
// there is none. The API also has true and false in place of the first, and, in
// definitions that are older than their rules, a list in place of the second.
type valueSchema struct{ *customSchema }

// UnmarshalJSON reads a schema, or what stands in its place.
func (v *valueSchema) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		text = []byte("true") // each item may have another one
	}
	switch string(text) {
	case "true":
		v.customSchema = &customSchema{Preserve: true}
		return nil
	case "false", "null":
		return nil
	}
	return json.Unmarshal(text, &v.customSchema)
}

// places are where custom resources of a kind hold pods by their schema.
type places struct {
	found []place
	// hidden says that they may hold more where the schema says nothing.
	hidden bool
}

// place leads to a pod template or a pod's spec.
type place struct {
	path string
	// partial marks what is no whole PodSpec, so that somebody makes the pod
	// from it and more.
	partial bool
}

// findPlaces goes over the schema of a kind, nil if it has none.
func findPlaces(root *customSchema) places {
	var p places
	if root == nil {
		p.hidden = true
		return p
	}
	p.hidden = root.Preserve
	for _, key := range slices.Sorted(maps.Keys(root.Properties)) {
		if key == "metadata" || key == "status" {
			continue // no pod is made from what stands there
		}
		p.walk(root.Properties[key], joinSchemaKey("", key))
	}
	return p
}

func (p *places) walk(s *customSchema, path string) {
	if s == nil {
		return
	}
	if spec := s.Properties["spec"]; s.Properties["metadata"] != nil && spec.isPodSpec() {
		p.found = append(p.found, place{path, spec.isPart()})
		return
	}
	if s.isPodSpec() {
		p.found = append(p.found, place{path, s.isPart()})
		return
	}
	p.hidden = p.hidden || s.Preserve
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		p.walk(s.Properties[key], joinSchemaKey(path, key))
	}
	p.walk(s.Items.customSchema, path+"[*]")
	p.walk(s.Values.customSchema, path+".*")
}

// isPodSpec reports whether something has containers as a PodSpec has.
func (s *customSchema) isPodSpec() bool {
	if s == nil || s.Properties["containers"] == nil {
		return false
	}
	container := s.Properties["containers"].Items.customSchema
	return container != nil && container.Properties["name"] != nil &&
		(container.Properties["image"] != nil || container.Properties["securityContext"] != nil)
}

// isPart reports whether what has containers lacks other fields that tell a
// PodSpec.
func (s *customSchema) isPart() bool {
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC", "volumes", "securityContext"} {
		if s.Properties[field] == nil {
			return true
		}
	}
	return false
}

// joinSchemaKey extends a path by a key, as [workload.ParseTemplatePath] reads
// it.
func joinSchemaKey(path, key string) string {
	plain := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
	switch {
	case !plain:
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}
