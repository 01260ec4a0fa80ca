package pss

// Host Namespaces. Sharing the node's namespaces must be disallowed.
//
//	spec.hostNetwork, spec.hostPID, spec.hostIPC: undefined, false
func hostNamespaces() Control {
	return Control{
		ID:    "hostNamespaces",
		Name:  "Host Namespaces",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "A pod may not share the node's network, PID or IPC namespace.", rule: ownNamespaces},
		},
		Fields:  []string{"spec.hostNetwork", "spec.hostPID", "spec.hostIPC"},
		Allowed: []string{"undefined", "false"},
		Why: "In the node's namespaces a pod reaches services that listen on the node's loopback, sees and signals the " +
			"node's processes, and reads their shared memory.",
		Fix: "Remove hostNetwork, hostPID and hostIPC; reach the node's services through the API or a Service.",
		PSP: []PSPControl{
			{Name: "Usage of host namespaces", Fields: []string{"hostPID", "hostIPC"}},
			{Name: "Usage of host networking and ports", Fields: []string{"hostNetwork"}},
		},

		about: statedHostNamespaces,
		describe: func(b []byte, _ *Pod, findings []place) (string, []byte) {
			for i, at := range findings {
				if i > 0 {
					b = append(b, ", "...)
				}
				b = append(b, namespaceFields[at.part]...)
				b = append(b, "=true"...)
			}
			return "host namespaces", b
		},
	}
}

var namespaceFields = [...]string{"hostNetwork", "hostPID", "hostIPC"}

var ownNamespaces = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return (!p.HostNetwork || yield(place{part: 0})) &&
			(!p.HostPID || yield(place{part: 1})) &&
			(!p.HostIPC || yield(place{part: 2}))
	},
	finding: func(_ *Pod, at place) Finding {
		return Finding{
			field: namespaceFields[at.part], Value: BoolValue(true),
			Allowed: "undefined or false", Fix: "remove it, or set it to false",
		}
	},
}
