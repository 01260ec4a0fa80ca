package pss

// HostProcess. Windows pods can run HostProcess containers, which have
// privileged access to the Windows node; they must be disallowed.
//
//	spec.securityContext.windowsOptions.hostProcess and
//	spec.[*]containers[*].securityContext.windowsOptions.hostProcess: undefined, false
func windowsHostProcess() Control {
	return Control{
		ID:    "windowsHostProcess",
		Name:  "HostProcess",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "No pod or container may be a HostProcess.", rule: noHostProcess},
		},
		Fields:  contextFields("securityContext.windowsOptions.hostProcess"),
		Allowed: []string{"undefined", "false"},
		Why:     "A HostProcess container is a process of the Windows node, not a container.",
		Fix:     "Remove windowsOptions.hostProcess.",

		about:    statedHostProcess,
		describe: describeSetters("hostProcess", " must not set securityContext.windowsOptions.hostProcess=true"),
	}
}

var noHostProcess = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContext(p, func(n int, sc *SecurityContext) bool { return !sc.HostProcess.Is(true) || yield(place{container: n}) })
	},
	finding: func(*Pod, place) Finding {
		return Finding{
			field: "securityContext.windowsOptions.hostProcess", Value: BoolValue(true),
			Allowed: "undefined or false", Fix: "remove windowsOptions.hostProcess, or set it to false",
		}
	},
}
