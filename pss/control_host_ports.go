package pss

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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			var buf [8]string
			ports := values(buf[:0], findings)
			b, containers := appendContainers(b, findings)
			b = append(b, plural(containers, " uses ", " use ")...)
			b = append(b, plural(len(ports), "hostPort ", "hostPorts ")...)
			return "hostPort", appendJoined(b, ports)
		},
	}
}

func noHostPorts(p *Pod, yield func(Finding) bool) bool {
	return eachContainer(p, func(c *Container) bool {
		for _, port := range c.HostPorts {
			if !yield(Finding{
				Container: c, field: "ports[*].hostPort", index: port.Index, Value: IntValue(int64(port.Port)), Explicit: true,
				Allowed: "undefined or 0", Fix: "remove hostPort, and use a Service",
			}) {
				return false
			}
		}
		return true
	})
}
