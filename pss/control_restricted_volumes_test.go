package pss

import "testing"

func TestRestrictedVolumes(t *testing.T) {
	t.Parallel()
	var allowed []Volume
	for _, name := range []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"} {
		allowed = append(allowed, Volume{name, VolumeSource(name)})
	}
	testControl(t, "restrictedVolumes", []controlCase{
		{name: "the allowed types", pod: Pod{Volumes: allowed}},
		{name: "an allowed source wins over others", pod: Pod{Volumes: []Volume{{"a", VolumeSecret | VolumeHostPath}}}},
		{
			name: "one", pod: Pod{Volumes: []Volume{{"a", VolumeNFS}}},
			want: `restricted volume types (volume "a" uses restricted volume type "nfs")`, findings: []string{"spec.volumes[0].nfs=nfs"},
		},
		{
			name: "none, several, the first in upstream's order",
			pod:  Pod{Volumes: []Volume{{"z", 0}, {"a", VolumeStorageOS | VolumeHostPath}, {"b", VolumeHostPath}, {"c", VolumeEmptyDir}}},
			want: `restricted volume types (volumes "z", "a", "b" use restricted volume types "hostPath", "unknown")`,
			findings: []string{
				"spec.volumes[0]=unknown", "spec.volumes[1].hostPath=hostPath", "spec.volumes[2].hostPath=hostPath",
			},
		},
	})
	if VolumeSource("nonsense") != 0 {
		t.Error("a source that nobody knows has a bit")
	}
}
