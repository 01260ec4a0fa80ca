package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Read-only root filesystem. Every container must set it.
func readOnlyRootFilesystem() Control {
	return Control{
		ID: "readOnlyRootFilesystem", Name: "Read-only root filesystem",
		Fields: containerFields("securityContext.readOnlyRootFilesystem"), Allowed: []string{"true"},
		Why:    "On a filesystem that can be written an attacker leaves tools and changes programs.",
		Fix:    "Set readOnlyRootFilesystem to true and mount an emptyDir where the program writes.",
		PSP:    []string{"readOnlyRootFilesystem"},
		reason: "writable root filesystem", must: "must set securityContext.readOnlyRootFilesystem=true",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("readOnlyRootFilesystem", s.ReadOnlyRootFilesystem, v1alpha1.IsRequired); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					switch value := c.extra.ReadOnlyRootFilesystem; {
					case value.Is(false):
						yield(c.found("securityContext.readOnlyRootFilesystem", pss.BoolValue(false), "true", "set securityContext.readOnlyRootFilesystem: true"))
					case !value.Set && !p.excused:
						yield(c.missing("securityContext.readOnlyRootFilesystem", "true", "set securityContext.readOnlyRootFilesystem: true"))
					}
				}
			}, nil
		},
	}
}
