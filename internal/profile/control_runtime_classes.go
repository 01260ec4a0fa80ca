package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Runtime classes. The pod must name only those that are allowed.
func runtimeClasses() Control {
	return Control{
		ID: "runtimeClasses", Name: "Runtime classes",
		Fields: []string{"spec.runtimeClassName"},
		Why:    "The runtime class decides how far a container is kept from the node.",
		Fix:    "Set runtimeClassName to a class that the profile allows.",
		PSP:    []string{"runtimeClass"},
		reason: "runtime classes", must: "must name a runtimeClassName that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.RuntimeClasses == nil {
				return nil, nil
			}
			names, required := s.RuntimeClasses.Allowed, s.RuntimeClasses.Required
			if err := listed("runtimeClasses.allowed", names); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				const fix = "set runtimeClassName to a class that the profile allows"
				switch {
				case p.RuntimeClass == "" && required:
					yield(missing("runtimeClassName", words(names), fix))
				case p.RuntimeClass != "" && !permits(names, p.RuntimeClass):
					yield(found("runtimeClassName", pss.StringValue(p.RuntimeClass), words(names), fix))
				}
			}, nil
		},
	}
}
