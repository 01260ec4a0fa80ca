package psp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// allCapabilities stands for every capability.
const allCapabilities corev1.Capability = "*"

// capabilitiesFor returns what a container's capabilities become, which is
// nothing else if changed is false.
func (s *Spec) capabilitiesFor(own *corev1.Capabilities) (caps *corev1.Capabilities, changed bool) {
	var stated corev1.Capabilities
	if own != nil {
		stated = *own
	}
	add, drop := setOf(stated.Add), setOf(stated.Drop)
	allAdd := slices.Clone(add)
	for _, c := range s.DefaultAddCapabilities {
		if !slices.Contains(drop, c) {
			allAdd = append(allAdd, c)
		}
	}
	allAdd = setOf(allAdd)
	allDrop := setOf(slices.Concat(drop, s.RequiredDropCapabilities))
	if len(allAdd) == len(add) && len(allDrop) == len(drop) {
		return nil, false
	}
	return &corev1.Capabilities{Add: allAdd, Drop: allDrop}, true
}

// setOf returns the capabilities sorted, each once.
func setOf(list []corev1.Capability) []corev1.Capability {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// checkCapabilities returns what is wrong with a container's capabilities.
func (s *Spec) checkCapabilities(path string, caps *corev1.Capabilities) []FieldError {
	if caps == nil {
		if len(s.DefaultAddCapabilities) == 0 && len(s.RequiredDropCapabilities) == 0 {
			return nil
		}
		return []FieldError{{path, "Invalid value: " + null + ": required capabilities are not set on the securityContext"}}
	}
	if slices.Contains(s.AllowedCapabilities, allCapabilities) {
		return nil
	}
	var errs []FieldError
	for _, c := range caps.Add {
		if !slices.Contains(s.DefaultAddCapabilities, c) && !slices.Contains(s.AllowedCapabilities, c) {
			errs = append(errs, invalid(path+".add", string(c), "capability may not be added"))
		}
	}
	for _, c := range s.RequiredDropCapabilities {
		if !slices.Contains(caps.Drop, c) {
			errs = append(errs, FieldError{
				path + ".drop", fmt.Sprintf("Invalid value: %s: %s is required to be dropped but was not found", showCapabilities(caps.Drop), c),
			})
		}
	}
	return errs
}

// showCapabilities renders a list as Kubernetes did: in Go, with the name of its
// internal package.
func showCapabilities(list []corev1.Capability) string {
	if list == nil {
		return "[]core.Capability(nil)"
	}
	quoted := make([]string, len(list))
	for i, c := range list {
		quoted[i] = strconv.Quote(string(c))
	}
	return "[]core.Capability{" + strings.Join(quoted, ", ") + "}"
}
