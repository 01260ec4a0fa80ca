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

func noHostProcess(p *Pod, yield func(Finding) bool) bool {
	return eachContext(p, func(c *Container, sc *SecurityContext) bool {
		return !sc.HostProcess.Is(true) || yield(Finding{
			Container: c, field: "securityContext.windowsOptions.hostProcess", Value: BoolValue(true), Explicit: true,
			Allowed: "undefined or false", Fix: "remove windowsOptions.hostProcess, or set it to false",
		})
	})
}
