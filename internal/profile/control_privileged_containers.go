package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// No privileged containers. A container must not set privileged.
func privilegedContainers() Control {
	return Control{
		ID: "privilegedContainers", Name: "No privileged containers",
		Fields: containerFields("securityContext.privileged"), Allowed: []string{"undefined", "false"},
		Why:    "A privileged container owns the node.",
		Fix:    "Remove privileged.",
		PSP:    []string{"privileged"},
		reason: "privileged containers", must: "must not set securityContext.privileged=true",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("privilegedContainers", s.PrivilegedContainers, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					if c.Privileged.Is(true) {
						yield(c.found("securityContext.privileged", pss.BoolValue(true), "undefined or false", "remove securityContext.privileged"))
					}
				}
			}, nil
		},
	}
}
