package pss

import "math/bits"

// Volume Types. Only volume types that do not reach into the node are allowed.
//
//	spec.volumes[*]: configMap, csi, downwardAPI, emptyDir, ephemeral, image,
//	    persistentVolumeClaim, projected, secret
func restrictedVolumes() Control {
	return Control{
		ID:    "restrictedVolumes",
		Name:  "Volume Types",
		Level: Restricted,
		Revisions: []Revision{
			{Since: V1(0), Change: "Only volume types that do not reach into the node.", Overrides: []ID{"hostPathVolumes"}, rule: onlyRestrictedVolumes},
		},
		Fields: []string{"spec.volumes[*]"},
		Allowed: []string{
			"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
		},
		Why: "Other types take their credentials and paths from the pod, so that a pod chooses what the node mounts; " +
			"persistent volumes are set up by an administrator.",
		Fix: "Use a PersistentVolumeClaim for storage, and one of the allowed types for everything else.",
		PSP: []PSPControl{
			{Name: "Usage of volume types", Fields: []string{"volumes"}},
			{
				Name: "Allow specific FlexVolume drivers", Fields: []string{"allowedFlexVolumes"},
				Note: "The restricted level allows no FlexVolume at all.",
			},
			{
				Name: "Requiring the use of a read-only root file system", Fields: []string{"readOnlyRootFilesystem"},
				Note: "The standard has no opinion on it: listed beside Volume Types, but no level asks for it.",
			},
		},

		about: statedVolumes,
		describe: func(b []byte, p *Pod, findings []place) (string, []byte) {
			var buf [8]place
			types := distinct(buf[:0], p, findings, restrictedType)
			b = appendVolumes(b, p, findings)
			b = append(b, plural(len(findings), " uses ", " use ")...)
			b = append(b, plural(len(types), "restricted volume type ", "restricted volume types ")...)
			return "restricted volume types", appendEach(b, p, types, restrictedType)
		},
	}
}

// allowedSources are the types that make a volume fine, whatever else it states.
const allowedSources = VolumeSecret<<1 - 1

// sourceFindingFields are where a forbidden source stands, by bit.
var sourceFindingFields = func() (fields [len(volumeFields)]string) {
	for i, f := range volumeFields {
		fields[i] = "volumes[*]." + f
	}
	return fields
}()

var onlyRestrictedVolumes = rule{
	find: func(p *Pod, yield func(place) bool) bool {
		for i := range p.Volumes {
			if p.Volumes[i].Sources&allowedSources == 0 && !yield(place{item: i}) {
				return false
			}
		}
		return true
	},
	finding: func(p *Pod, at place) Finding {
		f := Finding{
			field: "volumes[*]", index: at.item, Value: StringValue(restrictedType(p, at)),
			Allowed: "configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or secret",
			Fix:     "use one of the allowed types, such as persistentVolumeClaim or emptyDir",
		}
		if n := firstSource(p, at); n < len(volumeFields) {
			f.field = sourceFindingFields[n]
		}
		return f
	},
}

// firstSource returns the bit of the source that a volume is called by.
func firstSource(p *Pod, at place) int {
	return bits.TrailingZeros32(uint32(p.Volumes[at.item].Sources))
}

// restrictedType returns the type that a volume is called by.
func restrictedType(p *Pod, at place) string {
	if n := firstSource(p, at); n < len(volumeFields) {
		return volumeFields[n]
	}
	return "unknown"
}
