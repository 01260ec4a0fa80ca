package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Service account token. The pod must set spec.automountServiceAccountToken to false.
func automountServiceAccountToken() Control {
	return Control{
		ID: "automountServiceAccountToken", Name: "Service account token",
		Fields: []string{"spec.automountServiceAccountToken"}, Allowed: []string{"false"},
		Why:    "Whoever gets into a container that holds the account's token may speak to the API server with the account's rights.",
		Fix:    "Set automountServiceAccountToken to false; a pod that needs a token mounts a projected one.",
		reason: "service account token", must: "must set automountServiceAccountToken: false",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if yes, err := asked("automountServiceAccountToken", s.AutomountServiceAccountToken, v1alpha1.IsForbidden); !yes {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				switch value := p.Extra.AutomountServiceAccountToken; {
				case value.Is(true):
					yield(found("automountServiceAccountToken", pss.BoolValue(true), "false", "set automountServiceAccountToken: false"))
				case !value.Set:
					yield(missing("automountServiceAccountToken", "false", "set automountServiceAccountToken: false"))
				}
			}, nil
		},
	}
}
