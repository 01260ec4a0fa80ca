package profile

import (
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Forbidden sysctls. The pod must not set them, whatever else is allowed.
func forbiddenSysctls() Control {
	return Control{
		ID: "forbiddenSysctls", Name: "Forbidden sysctls",
		Fields: []string{"spec.securityContext.sysctls[*].name"},
		Why:    "Even a sysctl that is safe for the node may be one that pods here have no business to change.",
		Fix:    "Remove the sysctl.",
		PSP:    []string{"forbiddenSysctls"},
		reason: "forbidden sysctls", must: "must not set the sysctls that the profile forbids",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			patterns := s.ForbiddenSysctls
			if err := sysctlPatterns("forbiddenSysctls", patterns); err != nil || len(patterns) == 0 {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i, name := range p.Pod.Sysctls {
					dotted := strings.ReplaceAll(name, "/", ".") // kubelets take both
					hit := func(pattern string) bool {
						return matches(pattern, name) || matches(strings.ReplaceAll(pattern, "/", "."), dotted)
					}
					if slices.ContainsFunc(patterns, hit) {
						yield(found(index("securityContext.sysctls", i)+".name", pss.StringValue(name), "any but "+words(patterns), "remove it from sysctls"))
					}
				}
			}, nil
		},
	}
}
