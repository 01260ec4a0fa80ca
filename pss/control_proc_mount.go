package pss

// /proc Mount Type. The default masks of /proc reduce attack surface and should
// be required. Since v1.35 any type is allowed in a user namespace.
//
//	spec.[*]containers[*].securityContext.procMount: undefined, Default
func procMount() Control {
	return Control{
		ID:    "procMount",
		Name:  "/proc Mount Type",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "/proc must be masked as the runtime does by default.", rule: defaultProcMount},
			{Since: V1(35), Looser: true, Change: "Pods in a user namespace (hostUsers: false) are exempt.", rule: unlessUserNamespace(defaultProcMount)},
		},
		Fields:  append(containerFields("securityContext.procMount"), "spec.hostUsers"),
		Allowed: []string{"undefined", "Default", "any value if hostUsers is false (v1.35+)"},
		Why:     whyProcMount,
		Fix:     fixProcMount,
		PSP:     pspProcMount(),

		about:    statedProcMount,
		describe: describeProcMount,
	}
}

const (
	whyProcMount = "An unmasked /proc shows and lets change what belongs to the node's kernel."
	fixProcMount = "Remove securityContext.procMount."
)

func pspProcMount() []PSPControl {
	return []PSPControl{{Name: "The Allowed Proc Mount types for the container", Fields: []string{"allowedProcMountTypes"}}}
}

var defaultProcMount = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			return !c.ProcMount.Set || c.ProcMount.Value == "Default" || yield(place{container: n})
		})
	},
	finding: func(p *Pod, at place) Finding {
		return Finding{
			field: "securityContext.procMount", Value: StringValue(procMountType(p, at)),
			Allowed: "undefined or Default", Fix: "remove securityContext.procMount, or set it to Default",
		}
	},
}

func procMountType(p *Pod, at place) string { return at.in(p).ProcMount.Value }

func describeProcMount(b []byte, p *Pod, findings []place) (string, []byte) {
	b, _ = appendContainers(b, p, findings)
	b = append(b, " must not set securityContext.procMount to "...)
	return "procMount", appendSet(b, p, findings, procMountType)
}
