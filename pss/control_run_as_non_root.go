package pss

// Running as Non-root. Containers must be required to run as non-root users.
// Since v1.35 this does not apply in a user namespace.
//
//	spec.securityContext.runAsNonRoot and
//	spec.[*]containers[*].securityContext.runAsNonRoot:
//	    true; undefined in a container if the pod sets it
func runAsNonRoot() Control {
	return Control{
		ID:    "runAsNonRoot",
		Name:  "Running as Non-root",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(0), Change: "Containers must be required to run as non-root users.", rule: requiredNonRoot},
			{Since: V1(35), Looser: true, Change: "Pods in a user namespace (hostUsers: false) are exempt.", rule: unlessUserNamespace(requiredNonRoot)},
		},
		Fields:  append(contextFields("securityContext.runAsNonRoot"), "spec.hostUsers"),
		Allowed: []string{"true", "undefined in a container if the pod sets it", "any value if hostUsers is false (v1.35+)"},
		Why:     "Root in a container is root's user ID on the node: whatever it breaks out into, it is root there.",
		Fix:     "Set spec.securityContext.runAsNonRoot: true, and give the image or the pod a user other than 0.",
		PSP: []PSPControl{{
			Name: "The user and group IDs of the container", Fields: []string{"runAsUser"},
			Note: "Tables of this mapping often say \"Not covered in PSP\"; PSP had runAsUser with the rule MustRunAsNonRoot.",
		}},

		explicitFirst: true,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			if !findings[0].missing {
				b = appendSetters(b, p, findings)
				return "runAsNonRoot != true", append(b, " must not set securityContext.runAsNonRoot=false"...)
			}
			b = append(b, "pod or "...)
			b, _ = appendContainers(b, p, findings)
			return "runAsNonRoot != true", append(b, " must set securityContext.runAsNonRoot=true"...)
		},
	}
}

var requiredNonRoot = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		covered := p.SecurityContext.RunAsNonRoot.Is(true)
		return eachContext(p, func(n int, sc *SecurityContext) bool {
			switch {
			case sc.RunAsNonRoot.Is(true):
				return true
			case sc.RunAsNonRoot.Set:
				return yield(place{container: n})
			}
			return n == ofPod || covered || yield(place{container: n, missing: true})
		})
	},
	finding: func(_ *Pod, at place) Finding {
		f := Finding{field: "securityContext.runAsNonRoot", Allowed: "true"}
		if at.missing {
			f.Fix = "set runAsNonRoot: true in the securityContext of the pod or of this container; its user must not be 0"
		} else {
			f.Value, f.Fix = BoolValue(false), "set securityContext.runAsNonRoot: true; its user must not be 0"
		}
		return f
	},
}
