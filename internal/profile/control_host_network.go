package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Host network. The pod must not set spec.hostNetwork.
func hostNetwork() Control {
	return Control{
		ID: "hostNetwork", Name: "Host network",
		Fields: []string{"spec.hostNetwork"}, Allowed: []string{"undefined", "false"},
		Why:    "On the node's network a pod sees the node's traffic and reaches what listens on its loopback.",
		Fix:    "Remove hostNetwork from the pod.",
		PSP:    []string{"hostNetwork"},
		reason: "host network", must: "must not set hostNetwork",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("hostNetwork", s.HostNetwork, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				if p.Pod.HostNetwork {
					yield(found("hostNetwork", pss.BoolValue(true), "undefined or false", "remove hostNetwork"))
				}
			}, nil
		},
	}
}
