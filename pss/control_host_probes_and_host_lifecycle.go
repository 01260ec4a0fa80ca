package pss

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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			var bufNames, bufHosts [8]string
			names := sortedSet(containerNames(bufNames[:0], findings))
			hosts := values(bufHosts[:0], findings)
			b = appendCounted(b, "container", "containers", names)
			b = append(b, plural(len(names), " uses ", " use ")...)
			b = append(b, plural(len(hosts), "probe or lifecycle host ", "probe or lifecycle hosts ")...)
			return "probe or lifecycle host", appendQuoted(b, hosts)
		},
	}
}

func noProbeHosts(p *Pod, yield func(Finding) bool) bool {
	return eachContainer(p, func(c *Container) bool {
		for _, h := range c.Hosts {
			if !yield(Finding{
				Container: c, field: h.Field.Path(), Value: StringValue(h.Value), Explicit: true,
				Allowed: "undefined", Fix: "remove host; the pod's own address is the default",
			}) {
				return false
			}
		}
		return true
	})
}
