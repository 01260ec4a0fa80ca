package pss

import "slices"

// Host Probes / Lifecycle Hooks (v1.34+). The host field of probes and lifecycle
// handlers must be disallowed.
//
//	spec.[*]containers[*].{livenessProbe,readinessProbe,startupProbe}.{httpGet,tcpSocket}.host
//	spec.[*]containers[*].lifecycle.{postStart,preStop}.{httpGet,tcpSocket}.host:
//	    undefined, ""
func hostProbesAndHostLifecycle() Control {
	var fields []string
	for f := range numHostFields {
		fields = append(fields, containerFields(f.Path())...)
	}
	return Control{
		ID:    "hostProbesAndHostLifecycle",
		Name:  "Host Probes / Lifecycle Hooks",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(34), Change: "Probes and lifecycle handlers may not state a host, 127.0.0.1 included.", rule: noProbeHosts},
		},
		Fields:  fields,
		Allowed: []string{"undefined", `""`},
		Why: "The kubelet connects from the node's network: a host of the pod's choosing lets the pod scan and reach what " +
			"only the node may (KEP-4940).",
		Fix: "Remove host: probes reach the pod's own address. A Host header goes into httpHeaders.",

		about: statedHosts,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			var names []string
			eachContainerOf(p, findings, func(c *Container) { names = append(names, c.Name) })
			slices.Sort(names)
			names = slices.Compact(names)
			hosts := distinct(nil, p, findings, hostValue)
			b = append(b, plural(len(names), "container ", "containers ")...)
			b = appendQuoted(b, names)
			b = append(b, plural(len(names), " uses ", " use ")...)
			b = append(b, plural(len(hosts), "probe or lifecycle host ", "probe or lifecycle hosts ")...)
			return "probe or lifecycle host", appendEach(b, p, hosts, hostValue)
		},
	}
}

var noProbeHosts = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		return eachContainer(p, func(n int, c *Container) bool {
			for i := range c.Hosts {
				if !yield(place{container: n, item: i}) {
					return false
				}
			}
			return true
		})
	},
	finding: func(p *Pod, at place) Finding {
		return Finding{
			field: at.in(p).Hosts[at.item].Field.Path(), Value: StringValue(hostValue(p, at)),
			Allowed: "undefined", Fix: "remove host; the pod's own address is the default",
		}
	},
}

func hostValue(p *Pod, at place) string { return at.in(p).Hosts[at.item].Value }
