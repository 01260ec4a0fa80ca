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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			if findings[0].Explicit {
				b = appendSetters(b, findings)
				return "runAsNonRoot != true", append(b, " must not set securityContext.runAsNonRoot=false"...)
			}
			b = append(b, "pod or "...)
			b, _ = appendContainers(b, findings)
			return "runAsNonRoot != true", append(b, " must set securityContext.runAsNonRoot=true"...)
		},
	}
}

func requiredNonRoot(p *Pod, yield func(Finding) bool) bool {
	covered := p.SecurityContext.RunAsNonRoot.Is(true)
	return eachContext(p, func(c *Container, sc *SecurityContext) bool {
		f := Finding{Container: c, field: "securityContext.runAsNonRoot", Allowed: "true"}
		switch {
		case sc.RunAsNonRoot.Is(true):
			return true
		case sc.RunAsNonRoot.Set:
			f.Value, f.Explicit, f.Fix = BoolValue(false), true, "set securityContext.runAsNonRoot: true; its user must not be 0"
		case c == nil || covered:
			return true
		default:
			f.Fix = "set runAsNonRoot: true in the securityContext of the pod or of this container; its user must not be 0"
		}
		return yield(f)
	})
}
