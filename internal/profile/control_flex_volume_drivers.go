package profile

import (
	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// FlexVolume drivers. Volumes of the pod must use only those that are allowed.
func flexVolumeDrivers() Control {
	return Control{
		ID: "flexVolumeDrivers", Name: "FlexVolume drivers",
		Fields: []string{"spec.volumes[*].flexVolume.driver"},
		Why:    "A FlexVolume driver is a program that runs as root on the node, with arguments from the pod.",
		Fix:    "Use a driver that the profile allows, or another kind of volume.",
		PSP:    []string{"allowedFlexVolumes"},
		reason: "FlexVolume drivers", must: "must not use FlexVolume drivers beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.FlexVolumeDrivers == nil {
				return nil, nil
			}
			names := s.FlexVolumeDrivers.Allowed
			if err := listed("flexVolumeDrivers.allowed", names); err != nil {
				return nil, err
			}
			return func(p *subject, yield func(Finding)) {
				for i, v := range p.Pod.Volumes {
					driver := p.Extra.Volumes[i].FlexVolumeDriver
					if v.Sources&pss.VolumeFlexVolume != 0 && !permits(names, driver) {
						yield(found(index("volumes", i)+".flexVolume.driver", pss.StringValue(driver), words(names), "use a driver that the profile allows"))
					}
				}
			}, nil
		},
	}
}
