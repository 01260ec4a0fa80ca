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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			return "hostPath volumes", appendVolumes(b, findings)
		},
	}
}

func noHostPath(p *Pod, yield func(Finding) bool) bool {
	for i := range p.Volumes {
		v := &p.Volumes[i]
		if v.Sources&VolumeHostPath != 0 && !yield(Finding{
			field: "volumes[*].hostPath", index: i, name: v.Name, Value: StringValue("hostPath"), Explicit: true,
			Allowed: "undefined", Fix: "use another kind of volume, such as emptyDir or persistentVolumeClaim",
		}) {
			return false
		}
	}
	return true
}

// appendVolumes appends `volume "a"` or `volumes "a", "b"`.
func appendVolumes(b []byte, findings []Finding) []byte {
	var buf [8]string
	names := buf[:0]
	for i := range findings {
		names = append(names, findings[i].name)
	}
	return appendCounted(b, "volume", "volumes", names)
}
