package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Host aliases. The pod must not add to its /etc/hosts.
func hostAliases() Control {
	return Control{
		ID: "hostAliases", Name: "Host aliases",
		Fields: []string{"spec.hostAliases"}, Allowed: []string{"undefined"},
		Why:    "An alias sends the traffic for a name to an address that whoever wrote the pod chose, past the cluster's DNS.",
		Fix:    "Remove hostAliases and let DNS resolve the names.",
		reason: "host aliases", must: "must not set hostAliases",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("hostAliases", s.HostAliases, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i := range p.Extra.HostAliases {
					yield(found(index("hostAliases", i), pss.Value{}, "undefined", "remove it from hostAliases"))
				}
			}, nil
		},
	}
}
