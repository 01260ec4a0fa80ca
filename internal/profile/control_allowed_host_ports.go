package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// Ports of the node. Containers must open only those that are allowed.
func allowedHostPorts() Control {
	return Control{
		ID: "allowedHostPorts", Name: "Allowed host ports",
		Fields: containerFields("ports[*].hostPort"),
		Why:    "A port of the node is reached past network policies, and keeps others from using it.",
		Fix:    "Remove hostPort, or use a port within the profile's ranges.",
		PSP:    []string{"hostPorts"},
		reason: "ports of the node", must: "must not open ports of the node beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.AllowedHostPorts == nil {
				return nil, nil
			}
			var ports spans
			for i, r := range s.AllowedHostPorts.Allowed {
				p, err := spanOf(index("allowedHostPorts.allowed", i), r.Min, r.Max, span{1, 65535})
				if err != nil {
					return nil, err
				}
				ports = append(ports, p)
			}
			return func(p *subject, yield func(Finding)) {
				for c := range p.containers {
					for _, port := range c.HostPorts {
						if !ports.hold(int64(port.Port)) {
							yield(c.found(index("ports", port.Index)+".hostPort", pss.IntValue(int64(port.Port)), "undefined, "+ports.String(), "remove hostPort"))
						}
					}
				}
			}, nil
		},
	}
}
