package inventory

import "slices"

// ManageLabel on a namespace, with the value "false", keeps Gabion's hands off
// it.
const ManageLabel = "gabion.io/manage"

// OptedOut reports whether a namespace with these labels is not to be touched.
func OptedOut(labels map[string]string) bool { return labels[ManageLabel] == "false" }

// System reports whether a namespace of that name is Kubernetes' own or
// Gabion's.
func System(name string) bool {
	return slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease", "gabion-system"}, name)
}
