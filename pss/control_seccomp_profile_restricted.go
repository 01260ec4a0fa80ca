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

func requiredSeccomp(p *Pod, yield func(Finding) bool) bool {
	covered := p.SecurityContext.SeccompProfile.Set && validProfile(p.SecurityContext.SeccompProfile.Value)
	return eachContext(p, func(c *Container, sc *SecurityContext) bool {
		switch {
		case sc.SeccompProfile.Set:
			return validProfile(sc.SeccompProfile.Value) || yield(badSeccomp(c, sc))
		case c == nil || covered:
			return true
		}
		return yield(Finding{
			Container: c, field: seccompType, Allowed: "RuntimeDefault or Localhost",
			Fix: "set seccompProfile.type: RuntimeDefault in the securityContext of the pod or of this container",
		})
	})
}

func describeRequiredSeccomp(b []byte, findings []Finding) (string, []byte) {
	if findings[0].Explicit {
		return describeSeccomp(b, findings)
	}
	b = append(b, "pod or "...)
	b, _ = appendContainers(b, findings)
	return "seccompProfile", append(b, ` must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`...)
}
