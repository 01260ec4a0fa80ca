package pss

import "testing"

func TestHostPathVolumes(t *testing.T) {
	t.Parallel()
	testControl(t, "hostPathVolumes", []controlCase{
		{name: "other volumes", pod: Pod{Volumes: []Volume{{"a", VolumeEmptyDir}, {"b", 0}}}},
		{
			name: "one", pod: Pod{Volumes: []Volume{{"a", VolumeHostPath}}},
			want: `hostPath volumes (volume "a")`, findings: []string{"spec.volumes[0].hostPath=hostPath"},
		},
		{
			name: "several, also beside an allowed source",
			pod:  Pod{Volumes: []Volume{{"z", VolumeHostPath}, {"b", VolumeNFS}, {"a", VolumeHostPath | VolumeEmptyDir}}},
			want: `hostPath volumes (volumes "z", "a")`, findings: []string{"spec.volumes[0].hostPath=hostPath", "spec.volumes[2].hostPath=hostPath"},
		},
		{name: "overridden at restricted", level: Restricted, pod: Pod{Volumes: []Volume{{"a", VolumeHostPath}}}},
	})
}
