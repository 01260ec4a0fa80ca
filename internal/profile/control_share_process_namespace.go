package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Shared processes. The containers of a pod must not see each other's processes.
func shareProcessNamespace() Control {
	return Control{
		ID: "shareProcessNamespace", Name: "Shared processes",
		Fields: []string{"spec.shareProcessNamespace"}, Allowed: []string{"undefined", "false"},
		Why:    "Containers that share their processes see each other's memory, environment and files through /proc.",
		Fix:    "Remove shareProcessNamespace from the pod.",
		PSP:    nil,
		reason: "shared process namespace", must: "must not set shareProcessNamespace",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("shareProcessNamespace", s.ShareProcessNamespace, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				if p.Extra.ShareProcessNamespace.Is(true) {
					yield(found("shareProcessNamespace", pss.BoolValue(true), "undefined or false", "remove shareProcessNamespace"))
				}
			}, nil
		},
	}
}
