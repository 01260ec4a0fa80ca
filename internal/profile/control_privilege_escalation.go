package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Escalation of privileges. Every container must rule it out.
func privilegeEscalation() Control {
	return Control{
		ID: "privilegeEscalation", Name: "Escalation of privileges",
		Fields: containerFields("securityContext.allowPrivilegeEscalation"), Allowed: []string{"false"},
		Why:    "A process may gain more rights than its parent, by a setuid program for one.",
		Fix:    "Set allowPrivilegeEscalation to false.",
		PSP:    []string{"allowPrivilegeEscalation"},
		reason: "privilege escalation", must: "must set securityContext.allowPrivilegeEscalation=false",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("privilegeEscalation", s.PrivilegeEscalation, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					switch value := c.AllowPrivilegeEscalation; {
					case value.Is(true):
						yield(c.found("securityContext.allowPrivilegeEscalation", pss.BoolValue(true), "false", "set securityContext.allowPrivilegeEscalation: false"))
					case !value.Set && !p.excused:
						yield(c.missing("securityContext.allowPrivilegeEscalation", "false", "set securityContext.allowPrivilegeEscalation: false"))
					}
				}
			}, nil
		},
	}
}
