package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Groups. Containers must run as a primary group that the profile allows.
func groupIDs() Control {
	return Control{
		ID: "groupIDs", Name: "Group IDs",
		Fields: eitherFields("securityContext.runAsGroup"),
		Why:    "By the root group, or one that means something on the node, a process gets at files that are not its own.",
		Fix:    "Set runAsGroup to an ID within the profile's ranges.",
		PSP:    []string{"runAsGroup"},
		reason: "group IDs", must: "must run as a group that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			r, err := groupRule("groupIDs", s.GroupIDs)
			if r == nil {
				return nil, err
			}
			return r.judge("securityContext.runAsGroup",
				func(p *subject) pss.Opt[int64] { return p.Extra.SecurityContext.RunAsGroup },
				func(c container) pss.Opt[int64] { return c.extra.SecurityContext.RunAsGroup }), nil
		},
	}
}

// groupRule checks a rule about groups; nil if there is none, or it allows
// everything.
func groupRule(field string, g *v1alpha1.GroupIDs) (*idRule, error) {
	if g == nil {
		return nil, nil //nolint:nilnil // nothing is asked
	}
	return idRuleOf(field, g.Rule, g.Ranges, v1alpha1.MustRunAs, v1alpha1.MayRunAs, v1alpha1.RunAsAny)
}
