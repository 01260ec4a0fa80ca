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

var dropAllCapabilities = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			if !slices.Contains(c.DroppedCapabilities, "ALL") && !yield(place{container: n, missing: true}) {
				return false
			}
			for i, name := range c.AddedCapabilities {
				if name != "NET_BIND_SERVICE" && !yield(place{container: n, item: i}) {
					return false
				}
			}
			return true
		})
	},
	finding: func(p *Pod, at place) Finding {
		if !at.missing {
			return addedFinding(p, at, "NET_BIND_SERVICE")
		}
		return Finding{
			field: "securityContext.capabilities.drop", Value: ListValue(at.in(p).DroppedCapabilities),
			Allowed: "must include ALL", Fix: `set securityContext.capabilities.drop: ["ALL"]`,
		}
	},
}

func describeRestrictedCapabilities(b []byte, p *Pod, findings []place) (string, []byte) {
	var bufs [2][8]place
	missing, added := only(bufs[0][:0], true, findings), only(bufs[1][:0], false, findings)
	if len(missing) > 0 { // once for a container
		b, _ = appendContainers(b, p, missing)
		b = append(b, ` must set securityContext.capabilities.drop=["ALL"]`...)
	}
	if len(added) > 0 {
		if len(missing) > 0 {
			b = append(b, "; "...)
		}
		b = appendAddedCapabilities(b, p, added)
	}
	return "unrestricted capabilities", b
}
