package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Escalation of privileges. Every container must rule it out, or at least say
// whether it does.
func privilegeEscalation() Control {
	return Control{
		ID: "privilegeEscalation", Name: "Escalation of privileges",
		Fields: containerFields("securityContext.allowPrivilegeEscalation"),
		Why:    "A process may gain more rights than its parent, by a setuid program for one.",
		Fix:    "Set allowPrivilegeEscalation to false.",
		PSP:    []string{"allowPrivilegeEscalation", "defaultAllowPrivilegeEscalation"},
		reason: "privilege escalation", must: "must set securityContext.allowPrivilegeEscalation as the profile asks",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			forbidden := s.PrivilegeEscalation == v1alpha1.EscalationForbidden
			err := oneOf("privilegeEscalation", s.PrivilegeEscalation, "", v1alpha1.EscalationForbidden, v1alpha1.EscalationStated)
			if err != nil || s.PrivilegeEscalation == "" {
				return nil, err
			}
			const field = "securityContext.allowPrivilegeEscalation"
			allowed, fix := "true or false", "say whether the container may gain privileges: false, if it need not"
			if forbidden {
				allowed, fix = "false", "set "+field+": false"
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					switch value := c.AllowPrivilegeEscalation; {
					case value.Is(true) && forbidden:
						yield(c.found(field, pss.BoolValue(true), allowed, fix))
					case !value.Set && !p.excused:
						yield(c.missing(field, allowed, fix))
					}
				}
			}, nil
		},
	}
}
