package psp

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Operation is one step of a JSON patch (RFC 6902).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// patchOf returns what makes the second pod of the first. It is empty exactly if
// they are equal to Kubernetes, for which nil and empty are the same.
func patchOf(before, after *corev1.Pod) ([]Operation, error) {
	a, err := treeOf(before)
	if err != nil {
		return nil, err
	}
	b, err := treeOf(after)
	if err != nil {
		return nil, err
	}
	return difference(nil, "", a, b), nil
}

// treeOf returns a pod as JSON has it.
func treeOf(pod *corev1.Pod) (any, error) {
	text, err := json.Marshal(pod)
	if err != nil {
		return nil, fmt.Errorf("encoding the pod: %w", err)
	}
	var tree any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("decoding the pod: %w", err)
	}
	return tree, nil
}

// difference appends the steps from a to b. A policy only adds and changes, so
// nothing is ever removed.
func difference(patch []Operation, path string, a, b any) []Operation {
	if reflect.DeepEqual(a, b) {
		return patch
	}
	aMap, aOK := a.(map[string]any)
	bMap, bOK := b.(map[string]any)
	if aOK && bOK {
		for _, key := range slices.Sorted(maps.Keys(bMap)) {
			member := path + "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
			if old, ok := aMap[key]; ok {
				patch = difference(patch, member, old, bMap[key])
			} else {
				patch = append(patch, Operation{"add", member, bMap[key]})
			}
		}
		return patch
	}
	aList, aOK := a.([]any)
	bList, bOK := b.([]any)
	if aOK && bOK && len(aList) == len(bList) && isObjects(bList) {
		for i := range bList {
			patch = difference(patch, fmt.Sprintf("%s/%d", path, i), aList[i], bList[i])
		}
		return patch
	}
	return append(patch, Operation{"replace", path, b})
}

// isObjects reports whether a list has objects: lists of words are replaced as a
// whole.
func isObjects(list []any) bool {
	_, ok := list[0].(map[string]any)
	return ok
}
