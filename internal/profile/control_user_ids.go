package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Users. Containers must run as a user that the profile allows.
func userIDs() Control {
	return Control{
		ID: "userIDs", Name: "User IDs",
		Fields: append(eitherFields("securityContext.runAsUser"), eitherFields("securityContext.runAsNonRoot")...),
		Why:    "A user ID that several pods share, or that means somebody on the node, lets one get at the files of the other.",
		Fix:    "Set runAsUser to an ID within the profile's ranges or, where it asks for any user but root, runAsNonRoot to true.",
		PSP:    []string{"runAsUser"},
		reason: "user IDs", must: "must run as a user that the profile allows",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.UserIDs == nil {
				return nil, nil
			}
			r, err := idRuleOf("userIDs", s.UserIDs.Rule, s.UserIDs.Ranges,
				v1alpha1.MustRunAs, v1alpha1.MayRunAs, v1alpha1.MustRunAsNonRoot, v1alpha1.RunAsAny)
			if r == nil {
				return nil, err
			}
			if r.nonRoot {
				return notRoot, nil
			}
			return r.judge("securityContext.runAsUser",
				func(p *subject) pss.Opt[int64] { return p.Pod.SecurityContext.RunAsUser },
				func(c container) pss.Opt[int64] { return c.SecurityContext.RunAsUser }), nil
		},
	}
}

// notRoot asks every container to say that it does not run as root.
func notRoot(p *subject, yield func(Finding)) {
	const user, nonRoot = "securityContext.runAsUser", "securityContext.runAsNonRoot"
	pod := &p.Pod.SecurityContext
	var blamed [2]bool // the pod, for each of the fields
	for c := range p.containers {
		own := &c.SecurityContext
		switch {
		case own.RunAsUser.Is(0):
			yield(c.found(user, pss.IntValue(0), "any but 0", "set runAsUser to a user that is not 0"))
		case !own.RunAsUser.Set && pod.RunAsUser.Is(0) && !blamed[0]:
			blamed[0] = true
			yield(found(user, pss.IntValue(0), "any but 0", "set runAsUser to a user that is not 0"))
		}
		switch {
		case own.RunAsNonRoot.Is(false):
			yield(c.found(nonRoot, pss.BoolValue(false), "true", "set runAsNonRoot: true"))
		case own.RunAsNonRoot.Set:
		case pod.RunAsNonRoot.Is(false) && !blamed[1]:
			blamed[1] = true
			yield(found(nonRoot, pss.BoolValue(false), "true", "set runAsNonRoot: true"))
		case !pod.RunAsNonRoot.Set && !own.RunAsUser.Set && !pod.RunAsUser.Set && !p.excused:
			yield(c.missing(nonRoot, "true", "set runAsNonRoot: true in the pod or the container"))
		}
	}
}

// judge judges the number that each container has, its own or the pod's.
func (r *idRule) judge(field string, pod func(*subject) pss.Opt[int64], own func(container) pss.Opt[int64]) rule {
	return func(p *subject, yield func(Finding)) {
		fix := "set " + field + " to one of " + r.ranges.String()
		inherited, blamed := pod(p), false
		for c := range p.containers {
			switch id := own(c); {
			case id.Set && !r.ranges.hold(id.Value):
				yield(c.found(field, pss.IntValue(id.Value), r.allowed(), fix))
			case id.Set:
			case inherited.Set && !r.ranges.hold(inherited.Value) && !blamed:
				blamed = true
				yield(found(field, pss.IntValue(inherited.Value), r.allowed(), fix))
			case !inherited.Set && r.must && !p.excused:
				yield(c.missing(field, r.allowed(), fix))
			}
		}
	}
}
