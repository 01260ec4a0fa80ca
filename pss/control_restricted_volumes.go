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
		describe: func(b []byte, findings []Finding) (string, []byte) {
			var buf [8]string
			types := values(buf[:0], findings)
			b = appendVolumes(b, findings)
			b = append(b, plural(len(findings), " uses ", " use ")...)
			return "restricted volume types", appendCounted(b, "restricted volume type", "restricted volume types", types)
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

func onlyRestrictedVolumes(p *Pod, yield func(Finding) bool) bool {
	for i := range p.Volumes {
		v := &p.Volumes[i]
		if v.Sources&allowedSources != 0 {
			continue
		}
		f := Finding{
			field: "volumes[*]", index: i, name: v.Name, Value: StringValue("unknown"), Explicit: true,
			Allowed: "configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or secret",
			Fix:     "use one of the allowed types, such as persistentVolumeClaim or emptyDir",
		}
		if n := bits.TrailingZeros32(uint32(v.Sources)); n < len(volumeFields) {
			f.field, f.Value = sourceFindingFields[n], StringValue(volumeFields[n])
		}
		if !yield(f) {
			return false
		}
	}
	return true
}
