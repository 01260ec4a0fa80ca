package pss

// Privilege Escalation (v1.8+). Privilege escalation, such as by set-user-ID
// files, must not be allowed. Since v1.25 this does not apply to Windows pods.
//
//	spec.[*]containers[*].securityContext.allowPrivilegeEscalation: false
func allowPrivilegeEscalation() Control {
	return Control{
		ID:    "allowPrivilegeEscalation",
		Name:  "Privilege Escalation",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(8), Change: "Containers must set allowPrivilegeEscalation to false.", rule: noPrivilegeEscalation},
			{Since: V1(25), Looser: true, Change: `Pods with os.name "windows" are exempt.`, rule: unlessWindows(noPrivilegeEscalation)},
		},
		Fields:  containerFields("securityContext.allowPrivilegeEscalation"),
		Allowed: []string{"false"},
		Why:     "A process can otherwise gain more privileges than its parent, root's included, by a set-user-ID file.",
		Fix:     "Set securityContext.allowPrivilegeEscalation: false on every container.",
		PSP: []PSPControl{{
			Name: "Restricting escalation to root privileges", Fields: []string{"allowPrivilegeEscalation", "defaultAllowPrivilegeEscalation"},
		}},

		describe: describeContainers("allowPrivilegeEscalation != false", " must set securityContext.allowPrivilegeEscalation=false"),
	}
}

var noPrivilegeEscalation = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			return c.AllowPrivilegeEscalation.Is(false) || yield(place{container: n, missing: !c.AllowPrivilegeEscalation.Set})
		})
	},
	finding: func(_ *Pod, at place) Finding {
		f := Finding{
			field:   "securityContext.allowPrivilegeEscalation",
			Allowed: "false", Fix: "set securityContext.allowPrivilegeEscalation: false",
		}
		if !at.missing {
			f.Value = BoolValue(true)
		}
		return f
	},
}
