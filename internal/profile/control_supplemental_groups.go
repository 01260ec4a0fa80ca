package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Supplemental groups. The further groups of the pod must be allowed.
func supplementalGroups() Control {
	return Control{
		ID: "supplementalGroups", Name: "Supplemental groups",
		Fields: []string{"spec.securityContext.supplementalGroups[*]"},
		Why:    "By a further group a process gets at volumes and files of the node that are shared with that group.",
		Fix:    "List groups within the profile's ranges in supplementalGroups.",
		PSP:    []string{"supplementalGroups"},
		reason: "supplemental groups", must: "must set supplementalGroups that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			r, err := groupRule("supplementalGroups", s.SupplementalGroups)
			if r == nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				const field = "securityContext.supplementalGroups"
				for i, group := range p.Extra.SupplementalGroups {
					if !r.ranges.hold(group) {
						yield(found(index(field, i), pss.IntValue(group), r.allowed(), "remove it, or use one of "+r.ranges.String()))
					}
				}
				if len(p.Extra.SupplementalGroups) == 0 && r.must && !p.excused {
					yield(missing(field, r.allowed(), "list one of "+r.ranges.String()))
				}
			}, nil
		},
	}
}
