package pss

// /proc Mount Type (v1.35+). At the restricted level a user namespace does not
// excuse an unmasked /proc.
//
//	spec.[*]containers[*].securityContext.procMount: undefined, Default
func procMountRestricted() Control {
	return Control{
		ID:    "procMount_restricted",
		Name:  "/proc Mount Type",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(35), Change: "/proc must be masked in user namespaces too.", Overrides: []ID{"procMount"}, rule: defaultProcMount},
		},
		Fields:  containerFields("securityContext.procMount"),
		Allowed: []string{"undefined", "Default"},
		Why:     whyProcMount,
		Fix:     fixProcMount,
		PSP:     pspProcMount(),

		about:    statedProcMount,
		describe: describeProcMount,
	}
}
