package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Volume groups. The group that owns the pod's volumes must be allowed.
func fsGroups() Control {
	return Control{
		ID: "fsGroups", Name: "Volume groups",
		Fields: []string{"spec.securityContext.fsGroup"},
		Why:    "The group of the volumes decides who else may read and change what is in them.",
		Fix:    "Set fsGroup to an ID within the profile's ranges.",
		PSP:    []string{"fsGroup"},
		reason: "volume groups", must: "must set an fsGroup that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			r, err := groupRule("fsGroups", s.FSGroups)
			if r == nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				const field = "securityContext.fsGroup"
				fix := "set fsGroup to one of " + r.ranges.String()
				switch group := p.Extra.FSGroup; {
				case group.Set && !r.ranges.hold(group.Value):
					yield(found(field, pss.IntValue(group.Value), r.allowed(), fix))
				case !group.Set && r.must && !p.excused:
					yield(missing(field, r.allowed(), fix))
				}
			}, nil
		},
	}
}
