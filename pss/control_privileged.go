package pss

// Privileged Containers. Privileged containers switch off most security
// mechanisms and must be disallowed.
//
//	spec.[*]containers[*].securityContext.privileged: undefined, false
func privileged() Control {
	return Control{
		ID:    "privileged",
		Name:  "Privileged Containers",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "No container may be privileged.", rule: privilegedContainers},
		},
		Fields:  containerFields("securityContext.privileged"),
		Allowed: []string{"undefined", "false"},
		Why: "A privileged container sees every device of the node and has every capability: whoever controls it " +
			"controls the node.",
		Fix: "Remove securityContext.privileged, and grant the one capability or device that the container needs.",
		PSP: []PSPControl{{Name: "Running of privileged containers", Fields: []string{"privileged"}}},

		about:    statedPrivileged,
		describe: describeContainers("privileged", " must not set securityContext.privileged=true"),
	}
}

var privilegedContainers = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool { return !c.Privileged.Is(true) || yield(place{container: n}) })
	},
	finding: func(*Pod, place) Finding {
		return Finding{
			field: "securityContext.privileged", Value: BoolValue(true),
			Allowed: "undefined or false", Fix: "remove securityContext.privileged, or set it to false",
		}
	},
}
