package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Allowed sysctls. The pod must set only those.
func allowedSysctls() Control {
	return Control{
		ID: "allowedSysctls", Name: "Allowed sysctls",
		Fields: []string{"spec.securityContext.sysctls[*].name"},
		Why:    "A sysctl that is not the pod's own changes the node for all pods.",
		Fix:    "Remove the sysctl.",
		PSP:    []string{"allowedUnsafeSysctls"},
		reason: "sysctls beyond those allowed", must: "must not set sysctls beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.AllowedSysctls == nil {
				return nil, nil
			}
			patterns := s.AllowedSysctls.Allowed
			if err := sysctlPatterns("allowedSysctls.allowed", patterns); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i, name := range p.Pod.Sysctls {
					if !slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, name) }) {
						yield(found(index("securityContext.sysctls", i)+".name", pss.StringValue(name), words(patterns), "remove it from sysctls"))
					}
				}
			}, nil
		},
	}
}

// sysctlPatterns checks names that may end in a star.
func sysctlPatterns(field string, patterns []string) error {
	for i, p := range patterns {
		if strings.Contains(strings.TrimSuffix(p, all), all) {
			return fmt.Errorf("spec.%s[%d]: %q has a star that is not at its end", field, i, p)
		}
	}
	return listed(field, patterns)
}

// matches compares a name to a pattern, in which a star at the end stands for
// any rest.
func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, all); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}
