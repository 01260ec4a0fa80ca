package profile

import (
	"fmt"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/pss"
)

// tokenVolume is the name of a projected volume that holds only what the API
// server gives pods with their service account's token.
const tokenVolume = "serviceAccountToken"

// Types of volume. The pod must use only those that are allowed.
func volumeTypes() Control {
	return Control{
		ID: "volumeTypes", Name: "Allowed volume types",
		Fields: []string{"spec.volumes[*]"},
		Why:    "Some volumes show the node's files, and others bring drivers and credentials along.",
		Fix:    "Use a volume of an allowed type, such as a persistentVolumeClaim.",
		PSP:    []string{"volumes"},
		reason: "volume types", must: "must not use volumes of types beyond those of the profile",
		compile: func(s *v1alpha1.PodSecurityProfileSpec) (rule, error) {
			if s.VolumeTypes == nil {
				return nil, nil
			}
			names := s.VolumeTypes.Allowed
			if err := listed("volumeTypes.allowed", names); err != nil {
				return nil, err
			}
			for i, name := range names {
				if name != all && name != tokenVolume && pss.VolumeSource(name) == 0 {
					return nil, fmt.Errorf("spec.volumeTypes.allowed[%d]: %q is no type of volume: use the name of a field, such as configMap", i, name)
				}
			}
			return func(p *subject, yield func(Finding)) {
				for i, v := range p.Pod.Volumes {
					types := v.Sources.Fields()
					if len(types) == 0 {
						types = []string{"unknown"}
					}
					for _, name := range types {
						token := name == "projected" && p.Extra.Volumes[i].ServiceAccountToken && permits(names, tokenVolume)
						if !permits(names, name) && !token {
							yield(found(index("volumes", i), pss.StringValue(name), words(names), "use a volume of an allowed type"))
						}
					}
				}
			}, nil
		},
	}
}
