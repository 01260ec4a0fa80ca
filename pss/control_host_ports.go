package pss

import (
	"slices"
	"strconv"
)

// Host Ports. Ports of the node should be disallowed.
//
//	spec.[*]containers[*].ports[*].hostPort: undefined, 0
func hostPorts() Control {
	return Control{
		ID:    "hostPorts",
		Name:  "Host Ports",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "No container may open a port on the node.", rule: noHostPorts},
		},
		Fields:  containerFields("ports[*].hostPort"),
		Allowed: []string{"undefined", "0"},
		Why:     "A port of the node passes by network policies, and can take the place of a service of the node.",
		Fix:     "Remove hostPort and use a Service; on a pod with hostNetwork every containerPort is a hostPort.",
		PSP: []PSPControl{{
			Name: "Usage of host networking and ports", Fields: []string{"hostPorts"},
			Note: "Tables of this mapping often say \"Not covered in PSP\"; PSP had the ranges of hostPorts, empty meaning none.",
		}},

		about: statedHostPorts,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			var ports []string
			for _, at := range findings {
				ports = append(ports, strconv.Itoa(int(hostPort(p, at).Port)))
			}
			slices.Sort(ports) // as strings
			ports = slices.Compact(ports)
			b, containers := appendContainers(b, p, findings)
			b = append(b, plural(containers, " uses ", " use ")...)
			b = append(b, plural(len(ports), "hostPort ", "hostPorts ")...)
			return "hostPort", appendJoined(b, ports)
		},
	}
}

var noHostPorts = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			for i := range c.HostPorts {
				if !yield(place{container: n, item: i}) {
					return false
				}
			}
			return true
		})
	},
	finding: func(p *Pod, at place) Finding {
		port := hostPort(p, at)
		return Finding{
			field: "ports[*].hostPort", index: port.Index, Value: IntValue(int64(port.Port)),
			Allowed: "undefined or 0", Fix: "remove hostPort, and use a Service",
		}
	},
}

func hostPort(p *Pod, at place) HostPort { return at.in(p).HostPorts[at.item] }
