package access

import (
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/pss"
)

// entering are the verbs that let somebody into a pod. Before v1.35 "get" was
// enough by WebSocket; an API server whose version is not known may be as old.
func entering(kubernetes pss.Version) []string {
	if kubernetes.Valid() && kubernetes >= pss.V1(35) {
		return []string{"create"}
	}
	return []string{"create", "get"}
}

// bypassing are the rights to have pods that nobody judges.
func bypassing(kubernetes pss.Version, custom []inventory.Resource) []right {
	return append([]right{
		{
			Right: Right{
				"pods", "make pods",
				"Nothing is enforced on pods there: a privileged one is the node.",
			},
			permissions: workloads(inOpen, custom),
		},
		{
			Right: Right{
				"pod-images", "change the images of pods",
				"A pod that is privileged already runs what its image holds.",
			},
			permissions: []permission{{scope: inOpen, group: coreGroup, verbs: changing(), resources: []string{"pods"}}},
		},
		{
			Right: Right{
				"debug", "add ephemeral containers to pods",
				"An ephemeral container may be privileged there, or share what the pod has of its node.",
			},
			permissions: []permission{{scope: inOpen, group: coreGroup, verbs: changing(), resources: []string{"pods/ephemeralcontainers"}}},
		},
		{
			Right: Right{
				"exec", "run commands in pods",
				"A command in a privileged pod has what the pod has.",
			},
			permissions: []permission{{
				scope: inOpen, group: coreGroup, verbs: entering(kubernetes), resources: []string{"pods/attach", "pods/exec"},
			}},
		},
		{
			Right: Right{
				"persistent-volumes", "create persistent volumes",
				"A persistent volume may be a path of the node, and every level lets pods claim one.",
			},
			permissions: []permission{{group: coreGroup, verbs: []string{"create"}, resources: []string{"persistentvolumes"}}},
		},
	}, becoming(custom)...)
}
