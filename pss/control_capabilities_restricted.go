package pss

import "slices"

// Capabilities (v1.22+). Containers must drop ALL capabilities, and may add back
// only NET_BIND_SERVICE. Since v1.25 this does not apply to Windows pods.
//
//	spec.[*]containers[*].securityContext.capabilities.drop: any list that includes ALL
//	spec.[*]containers[*].securityContext.capabilities.add: undefined, NET_BIND_SERVICE
func capabilitiesRestricted() Control {
	overrides := []ID{"capabilities_baseline"}
	return Control{
		ID:    "capabilities_restricted",
		Name:  "Capabilities",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(22), Change: "Containers must drop ALL and may add NET_BIND_SERVICE only.", Overrides: overrides, rule: dropAllCapabilities},
			{Since: V1(25), Looser: true, Change: `Pods with os.name "windows" are exempt.`, Overrides: overrides, rule: unlessWindows(dropAllCapabilities)},
		},
		Fields:  append(containerFields("securityContext.capabilities.drop"), containerFields("securityContext.capabilities.add[*]")...),
		Allowed: []string{"drop: any list that includes ALL", "add: undefined or NET_BIND_SERVICE"},
		Why:     "Even the runtime's default capabilities let a process forge packets, change owners or bypass file permissions.",
		Fix:     `Set securityContext.capabilities.drop: ["ALL"] on every container; add nothing but NET_BIND_SERVICE.`,
		PSP: []PSPControl{{Name: "Linux capabilities", Fields: []string{
			"defaultAddCapabilities", "requiredDropCapabilities", "allowedCapabilities",
		}}},

		describe: describeRestrictedCapabilities,
	}
}

func dropAllCapabilities(p *Pod, yield func(Finding) bool) bool {
	return eachContainer(p, func(c *Container) bool {
		if !slices.Contains(c.DroppedCapabilities, "ALL") && !yield(Finding{
			Container: c, field: "securityContext.capabilities.drop", Value: ListValue(c.DroppedCapabilities),
			Allowed: "must include ALL", Fix: `set securityContext.capabilities.drop: ["ALL"]`,
		}) {
			return false
		}
		for i, name := range c.AddedCapabilities {
			if name != "NET_BIND_SERVICE" && !yield(addedCapability(c, i, name, "NET_BIND_SERVICE")) {
				return false
			}
		}
		return true
	})
}

func describeRestrictedCapabilities(b []byte, findings []Finding) (string, []byte) {
	var bufs [3][8]string
	missing, adding, added := bufs[0][:0], bufs[1][:0], bufs[2][:0]
	var last *Container
	for i := range findings {
		f := &findings[i]
		switch {
		case !f.Explicit: // once for a container
			missing = append(missing, f.Container.Name)
			continue
		case f.Container != last:
			adding, last = append(adding, f.Container.Name), f.Container
		}
		added = append(added, f.Value.s)
	}
	if len(missing) > 0 {
		b = appendCounted(b, "container", "containers", missing)
		b = append(b, ` must set securityContext.capabilities.drop=["ALL"]`...)
	}
	if len(added) > 0 {
		if len(missing) > 0 {
			b = append(b, "; "...)
		}
		b = appendAddedCapabilities(b, adding, added)
	}
	return "unrestricted capabilities", b
}
