package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Host IPC. The pod must not set spec.hostIPC.
func hostIPC() Control {
	return Control{
		ID: "hostIPC", Name: "Host IPC",
		Fields: []string{"spec.hostIPC"}, Allowed: []string{"undefined", "false"},
		Why:    "In the node's IPC namespace a pod reads and writes the shared memory of others.",
		Fix:    "Remove hostIPC from the pod.",
		PSP:    []string{"hostIPC"},
		reason: "host IPC", must: "must not set hostIPC",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("hostIPC", s.HostIPC, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				if p.Pod.HostIPC {
					yield(found("hostIPC", pss.BoolValue(true), "undefined or false", "remove hostIPC"))
				}
			}, nil
		},
	}
}
