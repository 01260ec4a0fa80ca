package pss

import (
	"slices"
	"strings"
)

// Capabilities. Adding capabilities beyond those of the container runtime's
// default must be disallowed. Names are compared exactly.
//
//	spec.[*]containers[*].securityContext.capabilities.add:
//	    undefined, AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD,
//	    NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT
func capabilitiesBaseline() Control {
	return Control{
		ID:    "capabilities_baseline",
		Name:  "Capabilities",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "Only capabilities of the default set may be added.", rule: addOnlyDefaultCapabilities},
		},
		Fields:  containerFields("securityContext.capabilities.add[*]"),
		Allowed: append([]string{"undefined"}, defaultCapabilities...),
		Why: "Capabilities such as SYS_ADMIN, NET_ADMIN or SYS_PTRACE let a process change the node or read other " +
			"containers, and lead to the node's root.",
		Fix: "Remove the capability from capabilities.add; names carry no CAP_ prefix and are upper-case.",
		PSP: []PSPControl{{Name: "Linux capabilities", Fields: []string{
			"defaultAddCapabilities", "requiredDropCapabilities", "allowedCapabilities",
		}}},

		about: statedAddedCapabilities,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			return "non-default capabilities", appendAddedCapabilities(b, p, findings)
		},
	}
}

var defaultCapabilities = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
	"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

var oneOfDefaultCapabilities = strings.Join(defaultCapabilities, ", ")

var addOnlyDefaultCapabilities = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			for i, name := range c.AddedCapabilities {
				if !slices.Contains(defaultCapabilities, name) && !yield(place{container: n, item: i}) {
					return false
				}
			}
			return true
		})
	},
	finding: func(p *Pod, at place) Finding { return addedFinding(p, at, oneOfDefaultCapabilities) },
}

func addedFinding(p *Pod, at place, allowed string) Finding {
	return Finding{
		field: "securityContext.capabilities.add[*]", index: at.item, Value: StringValue(addedCapability(p, at)),
		Allowed: allowed, Fix: "remove it from securityContext.capabilities.add",
	}
}

func addedCapability(p *Pod, at place) string { return at.in(p).AddedCapabilities[at.item] }

// appendAddedCapabilities words the findings of capabilities that are added.
func appendAddedCapabilities(b []byte, p *Pod, findings []place) []byte {
	b, _ = appendContainers(b, p, findings)
	b = append(b, " must not include "...)
	b = appendSet(b, p, findings, addedCapability)
	return append(b, " in securityContext.capabilities.add"...)
}
