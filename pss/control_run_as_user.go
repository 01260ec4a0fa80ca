package pss

// Running as Non-root user (v1.23+). Containers must not set runAsUser to 0.
// Since v1.35 this does not apply in a user namespace.
//
//	spec.securityContext.runAsUser and
//	spec.[*]containers[*].securityContext.runAsUser: undefined, any value but 0
func runAsUser() Control {
	return Control{
		ID:    "runAsUser",
		Name:  "Running as Non-root user",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(23), Change: "Neither pod nor containers may ask for user 0.", rule: notUserZero},
			{Since: V1(35), Looser: true, Change: "Pods in a user namespace (hostUsers: false) are exempt.", rule: unlessUserNamespace(notUserZero)},
		},
		Fields:  append(contextFields("securityContext.runAsUser"), "spec.hostUsers"),
		Allowed: []string{"undefined", "any value but 0", "any value if hostUsers is false (v1.35+)"},
		Why:     "User 0 is root, in the container and outside of it.",
		Fix:     "Remove runAsUser, or set it to the user that the image is made for, other than 0.",
		PSP: []PSPControl{{
			Name: "The user and group IDs of the container", Fields: []string{"runAsUser"},
			Note: "PSP could also ask for ranges (MustRunAs), which the standard does not.",
		}},

		about:    statedRunAsUser,
		describe: describeSetters("runAsUser=0", " must not set runAsUser=0"),
	}
}

var notUserZero = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContext(p, func(n int, sc *SecurityContext) bool { return !sc.RunAsUser.Is(0) || yield(place{container: n}) })
	},
	finding: func(*Pod, place) Finding {
		return Finding{
			field: "securityContext.runAsUser", Value: IntValue(0),
			Allowed: "undefined or any value but 0", Fix: "remove securityContext.runAsUser, or set it to a user other than 0",
		}
	},
}
