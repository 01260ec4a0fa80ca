package profile

import (
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// Stated capabilities. Every container must add or drop those that the profile
// lists.
func statedCapabilities() Control {
	return Control{
		ID: "statedCapabilities", Name: "Stated capabilities",
		Fields: append(containerFields("securityContext.capabilities.add"), containerFields("securityContext.capabilities.drop")...),
		Why:    "A capability that something adds by default is given away unnoticed unless each container says what it wants.",
		Fix:    "Name the capability in capabilities.add or in capabilities.drop.",
		PSP:    []string{"defaultAddCapabilities"},
		reason: "unstated capabilities", must: "must add or drop the capabilities that the profile names",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			names := s.StatedCapabilities
			if err := capabilityNames("statedCapabilities", names, false); err != nil || len(names) == 0 {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					var open []string
					for _, name := range names {
						if !slices.Contains(c.AddedCapabilities, name) && !slices.Contains(c.DroppedCapabilities, name) {
							open = append(open, name)
						}
					}
					if len(open) > 0 && !p.excused {
						yield(c.missing("securityContext.capabilities", words(names)+" in add or drop", "name "+words(open)+" in capabilities.add or capabilities.drop"))
					}
				}
			}, nil
		},
	}
}
