package pss

// HostPath Volumes. HostPath volumes must be forbidden.
//
//	spec.volumes[*].hostPath: undefined
func hostPathVolumes() Control {
	return Control{
		ID:    "hostPathVolumes",
		Name:  "HostPath Volumes",
		Level: Baseline,
		Revisions: []Revision{
			{Since: V1(0), Change: "No volume may be a hostPath.", rule: noHostPath},
		},
		Fields:  []string{"spec.volumes[*].hostPath"},
		Allowed: []string{"undefined"},
		Why: "A path of the node gives a pod the kubelet's credentials, other pods' secrets or the container runtime's " +
			"socket, and by writing the node itself.",
		Fix: "Use a volume of another kind: emptyDir, a PersistentVolumeClaim, or a CSI driver.",
		PSP: []PSPControl{{
			Name: "Usage of the host filesystem", Fields: []string{"allowedHostPaths"},
			Note: "PSP's volumes list decided whether hostPath was allowed at all; allowedHostPaths narrowed it to prefixes, which the standard cannot.",
		}},

		about: statedVolumes,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			return "hostPath volumes", appendVolumes(b, p, findings)
		},
	}
}

var noHostPath = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		for i := range p.Volumes {
			if p.Volumes[i].Sources&VolumeHostPath != 0 && !yield(place{item: i}) {
				return false
			}
		}
		return true
	},
	finding: func(_ *Pod, at place) Finding {
		return Finding{
			field: "volumes[*].hostPath", index: at.item, Value: StringValue("hostPath"),
			Allowed: "undefined", Fix: "use another kind of volume, such as emptyDir or persistentVolumeClaim",
		}
	},
}

// appendVolumes appends `volume "a"` or `volumes "a", "b"`.
func appendVolumes(b []byte, p *Pod, findings []place) []byte {
	b = append(b, plural(len(findings), "volume ", "volumes ")...)
	return appendEach(b, p, findings, func(p *Pod, at place) string { return p.Volumes[at.item].Name })
}
