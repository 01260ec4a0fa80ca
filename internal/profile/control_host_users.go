package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Host users. The pod must set spec.hostUsers to false.
func hostUsers() Control {
	return Control{
		ID: "hostUsers", Name: "Host users",
		Fields: []string{"spec.hostUsers"}, Allowed: []string{"false"},
		Why:    "Without a user namespace root in a container is root on the node, once it gets out.",
		Fix:    "Set hostUsers to false.",
		reason: "host users", must: "must set hostUsers: false",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("hostUsers", s.HostUsers, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				switch value := p.Pod.HostUsers; {
				case value.Is(true):
					yield(found("hostUsers", pss.BoolValue(true), "false", "set hostUsers: false"))
				case !value.Set && !p.excused:
					yield(missing("hostUsers", "false", "set hostUsers: false"))
				}
			}, nil
		},
	}
}
