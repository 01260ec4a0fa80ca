package profile

import (
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Limits. Every container must limit the resources that the profile lists, or
// share a limit of the pod (Kubernetes 1.32 and newer).
func resourceLimits() Control {
	return Control{
		ID: "resourceLimits", Name: "Resource limits",
		Fields:  []string{"spec.resources.limits", "spec.initContainers[*].resources.limits", "spec.containers[*].resources.limits"},
		Allowed: []string{"more than 0"},
		Why:     "A container without a limit may take from its node what all others need.",
		Fix:     "Set resources.limits of the containers, or of the pod. Ephemeral containers cannot have limits and are not asked.",
		reason:  "resource limits", must: "must set resources.limits for what the profile names",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			var names []string
			for i, r := range s.ResourceLimits {
				if err := oneOf(index("resourceLimits", i), r, "cpu", "memory"); err != nil {
					return nil, err
				}
				names = append(names, string(r))
			}
			if err := listed("resourceLimits", names); err != nil || len(names) == 0 {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					if c.Kind == pss.EphemeralContainer {
						continue
					}
					for _, name := range names {
						limit, shared := c.extra.MemoryLimit, p.Extra.MemoryLimit
						if name == "cpu" {
							limit, shared = c.extra.CPULimit, p.Extra.CPULimit
						}
						if limits(limit) || !limit.Set && limits(shared) {
							continue
						}
						f := c.missing("resources.limits."+name, "more than 0", "set resources.limits."+name)
						if limit.Set {
							f.Value, f.Explicit = pss.StringValue(limit.Value), true
						}
						yield(f)
					}
				}
			}, nil
		},
	}
}

// limits reports whether a limit is set to anything.
func limits(limit pss.Opt[string]) bool { return limit.Set && !isZero(limit.Value) }

// isZero reports whether a quantity is nothing: no digit but 0 before its unit
// or exponent.
func isZero(quantity string) bool {
	end := strings.IndexFunc(quantity, func(r rune) bool { return !strings.ContainsRune("+-.0123456789", r) })
	if end < 0 {
		end = len(quantity)
	}
	return !strings.ContainsAny(quantity[:end], "123456789")
}
