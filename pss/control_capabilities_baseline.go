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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			var bufs [2][8]string
			return "non-default capabilities", appendAddedCapabilities(b, containerNames(bufs[0][:0], findings), values(bufs[1][:0], findings))
		},
	}
}

var defaultCapabilities = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
	"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

var oneOfDefaultCapabilities = strings.Join(defaultCapabilities, ", ")

func addOnlyDefaultCapabilities(p *Pod, yield func(Finding) bool) bool {
	return eachContainer(p, func(c *Container) bool {
		for i, name := range c.AddedCapabilities {
			if slices.Contains(defaultCapabilities, name) {
				continue
			}
			if !yield(addedCapability(c, i, name, oneOfDefaultCapabilities)) {
				return false
			}
		}
		return true
	})
}

func addedCapability(c *Container, i int, name, allowed string) Finding {
	return Finding{
		Container: c, field: "securityContext.capabilities.add[*]", index: i, Value: StringValue(name), Explicit: true,
		Allowed: allowed, Fix: "remove it from securityContext.capabilities.add",
	}
}

// appendAddedCapabilities words the findings of addedCapability, by the names of
// the containers and of the capabilities, whose order it may change.
func appendAddedCapabilities(b []byte, containers, capabilities []string) []byte {
	b = appendCounted(b, "container", "containers", containers)
	b = append(b, " must not include "...)
	b = appendQuoted(b, sortedSet(capabilities))
	return append(b, " in securityContext.capabilities.add"...)
}
