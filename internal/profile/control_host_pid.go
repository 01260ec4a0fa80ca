package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Host processes. The pod must not set spec.hostPID.
func hostPID() Control {
	return Control{
		ID: "hostPID", Name: "Host processes",
		Fields: []string{"spec.hostPID"}, Allowed: []string{"undefined", "false"},
		Why:    "Among the node's processes a pod sees their memory and environment, and may end them.",
		Fix:    "Remove hostPID from the pod.",
		PSP:    []string{"hostPID"},
		reason: "host processes", must: "must not set hostPID",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("hostPID", s.HostPID, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				if p.Pod.HostPID {
					yield(found("hostPID", pss.BoolValue(true), "undefined or false", "remove hostPID"))
				}
			}, nil
		},
	}
}
