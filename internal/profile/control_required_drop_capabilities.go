package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Dropped capabilities. Every container must drop those that the profile lists.
func requiredDropCapabilities() Control {
	return Control{
		ID: "requiredDropCapabilities", Name: "Dropped capabilities",
		Fields: containerFields("securityContext.capabilities.drop"),
		Why:    "What a container does not drop it keeps of the runtime's own set, such as NET_RAW.",
		Fix:    "Add the capability to capabilities.drop, by the name that the profile has.",
		PSP:    []string{"requiredDropCapabilities"},
		reason: "dropped capabilities", must: "must drop the capabilities that the profile names",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			names := s.RequiredDropCapabilities
			if err := capabilityNames("requiredDropCapabilities", names, false); err != nil || len(names) == 0 {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					var kept []string
					for _, name := range names {
						if !slices.Contains(c.DroppedCapabilities, name) {
							kept = append(kept, name)
						}
					}
					if len(kept) == 0 || len(c.DroppedCapabilities) == 0 && p.excused {
						continue
					}
					f := c.missing("securityContext.capabilities.drop", "with "+words(names), "add "+words(kept)+" to capabilities.drop")
					f.Value, f.Explicit = pss.ListValue(c.DroppedCapabilities), len(c.DroppedCapabilities) > 0
					yield(f)
				}
			}, nil
		},
	}
}

// capabilityNames checks a list of capabilities.
func capabilityNames(field string, names []string, star bool) error {
	if err := listed(field, names); err != nil {
		return err
	}
	for i, name := range names {
		if name == all && star {
			continue
		}
		if strings.HasPrefix(name, "CAP_") || name != strings.ToUpper(name) || name == all {
			return fmt.Errorf("spec.%s[%d]: %q is no capability: write its name in upper case without CAP_, such as NET_ADMIN", field, i, name)
		}
	}
	return nil
}
