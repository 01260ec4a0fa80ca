package profile

import (
	"fmt"
	"slices"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Types of /proc mount. Containers must use only those that are allowed.
func procMountTypes() Control {
	return Control{
		ID: "procMountTypes", Name: "Types of /proc mount",
		Fields: containerFields("securityContext.procMount"),
		Why:    "An unmasked /proc shows, and lets change, what belongs to the node.",
		Fix:    "Remove procMount.",
		PSP:    []string{"allowedProcMountTypes"},
		reason: "types of /proc mount", must: "must set a procMount that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.ProcMountTypes == nil {
				return nil, nil
			}
			names := s.ProcMountTypes.Allowed
			if err := listed("procMountTypes.allowed", names); err != nil {
				return nil, err
			}
			for i, name := range names {
				if !slices.Contains([]string{"Default", "Unmasked"}, name) {
					return nil, fmt.Errorf("spec.procMountTypes.allowed[%d]: %q is no type: use Default or Unmasked", i, name)
				}
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					value := c.ProcMount
					switch {
					case value.Set && !slices.Contains(names, value.Value):
						yield(c.found("securityContext.procMount", pss.StringValue(value.Value), words(names), "use a type that the profile allows"))
					case !value.Set && !slices.Contains(names, "Default") && !p.excused:
						yield(c.missing("securityContext.procMount", words(names), "use a type that the profile allows; it is Default if none is set"))
					}
				}
			}, nil
		},
	}
}
