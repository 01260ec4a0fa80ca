package psp

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/patch"
)

// Operation is one step of a JSON patch (RFC 6902).
type Operation = patch.Operation

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
	return patch.JSON(a, b), nil
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
