package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Added capabilities. Containers must add only capabilities that are allowed.
func allowedCapabilities() Control {
	return Control{
		ID: "allowedCapabilities", Name: "Added capabilities",
		Fields: containerFields("securityContext.capabilities.add[*]"),
		Why:    "Each capability is a part of what root may do.",
		Fix:    "Remove the capability from capabilities.add.",
		PSP:    []string{"allowedCapabilities", "defaultAddCapabilities"},
		reason: "added capabilities", must: "must not add capabilities beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.AllowedCapabilities == nil {
				return nil, nil
			}
			names := s.AllowedCapabilities.Allowed
			if err := capabilityNames("allowedCapabilities.allowed", names, true); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					for i, name := range c.AddedCapabilities {
						if !permits(names, name) {
							yield(c.found(index("securityContext.capabilities.add", i), pss.StringValue(name), words(names), "remove it from capabilities.add"))
						}
					}
				}
			}, nil
		},
	}
}
