package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// CSI drivers. Volumes of the pod must use only those that are allowed.
func csiDrivers() Control {
	return Control{
		ID: "csiDrivers", Name: "CSI drivers",
		Fields: []string{"spec.volumes[*].csi.driver"},
		Why:    "A driver acts on the node with arguments that come from the pod.",
		Fix:    "Use a driver that the profile allows, or another kind of volume.",
		PSP:    []string{"allowedCSIDrivers"},
		reason: "CSI drivers", must: "must not use CSI drivers beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.CSIDrivers == nil {
				return nil, nil
			}
			names := s.CSIDrivers.Allowed
			if err := listed("csiDrivers.allowed", names); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i, v := range p.Pod.Volumes {
					driver := p.Extra.Volumes[i].CSIDriver
					if v.Sources&pss.VolumeCSI != 0 && !permits(names, driver) {
						yield(found(index("volumes", i)+".csi.driver", pss.StringValue(driver), words(names), "use a driver that the profile allows"))
					}
				}
			}, nil
		},
	}
}
