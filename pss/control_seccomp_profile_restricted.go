package pss

// Seccomp (v1.19+). A seccomp profile must be set, to RuntimeDefault or
// Localhost, for the pod or for every container. Since v1.25 this does not apply
// to Windows pods.
//
//	spec.securityContext.seccompProfile.type and
//	spec.[*]containers[*].securityContext.seccompProfile.type:
//	    RuntimeDefault, Localhost; undefined in a container if the pod sets it
func seccompProfileRestricted() Control {
	overrides := []ID{"seccompProfile_baseline"}
	return Control{
		ID:    "seccompProfile_restricted",
		Name:  "Seccomp",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(19), Change: "A seccomp profile must be set.", Overrides: overrides, rule: requiredSeccomp},
			{Since: V1(25), Looser: true, Change: `Pods with os.name "windows" are exempt.`, Overrides: overrides, rule: unlessWindows(requiredSeccomp)},
		},
		Fields:  contextFields(seccompType),
		Allowed: []string{"RuntimeDefault", "Localhost", "undefined in a container if the pod sets it"},
		Why:     whySeccomp,
		Fix:     "Set spec.securityContext.seccompProfile.type: RuntimeDefault, and nothing in the containers.",
		PSP:     pspSeccomp(),

		explicitFirst: true,
		describe:      describeRequiredSeccomp,
	}
}

var requiredSeccomp = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		covered := p.SecurityContext.SeccompProfile.Set && validProfile(p.SecurityContext.SeccompProfile.Value)
		return eachContext(p, func(n int, sc *SecurityContext) bool {
			if sc.SeccompProfile.Set {
				return validProfile(sc.SeccompProfile.Value) || yield(place{container: n})
			}
			return n == ofPod || covered || yield(place{container: n, missing: true})
		})
	},
	finding: func(p *Pod, at place) Finding {
		if !at.missing {
			return badSeccomp(p, at)
		}
		return Finding{
			field: seccompType, Allowed: "RuntimeDefault or Localhost",
			Fix: "set seccompProfile.type: RuntimeDefault in the securityContext of the pod or of this container",
		}
	},
}

func describeRequiredSeccomp(b []byte, p *Pod, findings []place) (string, []byte) {
	if !findings[0].missing {
		return describeSeccomp(b, p, findings)
	}
	b = append(b, "pod or "...)
	b, _ = appendContainers(b, p, findings)
	return "seccompProfile", append(b, ` must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`...)
}
