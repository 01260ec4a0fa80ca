package typed

import (
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
)

// volumes reads the pod's volumes; stored says that they have been defaulted.
func volumes(list []corev1.Volume, stored bool) []pss.Volume {
	if len(list) == 0 {
		return nil
	}
	all := make([]pss.Volume, len(list))
	for i := range list {
		all[i] = pss.Volume{Name: list[i].Name, Sources: sources(&list[i].VolumeSource)}
		if !stored {
			workload.DefaultVolume(&all[i])
		}
	}
	return all
}

// sources returns the kinds of source that a volume states.
func sources(v *corev1.VolumeSource) pss.VolumeSources {
	var set pss.VolumeSources
	for _, source := range [...]struct {
		stated bool
		kind   pss.VolumeSources
	}{
		{v.ConfigMap != nil, pss.VolumeConfigMap},
		{v.CSI != nil, pss.VolumeCSI},
		{v.DownwardAPI != nil, pss.VolumeDownwardAPI},
		{v.EmptyDir != nil, pss.VolumeEmptyDir},
		{v.Ephemeral != nil, pss.VolumeEphemeral},
		{v.Image != nil, pss.VolumeImage},
		{v.PersistentVolumeClaim != nil, pss.VolumePersistentVolumeClaim},
		{v.Projected != nil, pss.VolumeProjected},
		{v.Secret != nil, pss.VolumeSecret},
		{v.HostPath != nil, pss.VolumeHostPath},
		{v.GCEPersistentDisk != nil, pss.VolumeGCEPersistentDisk},
		{v.AWSElasticBlockStore != nil, pss.VolumeAWSElasticBlockStore},
		{v.GitRepo != nil, pss.VolumeGitRepo},
		{v.NFS != nil, pss.VolumeNFS},
		{v.ISCSI != nil, pss.VolumeISCSI},
		{v.Glusterfs != nil, pss.VolumeGlusterfs},
		{v.RBD != nil, pss.VolumeRBD},
		{v.FlexVolume != nil, pss.VolumeFlexVolume},
		{v.Cinder != nil, pss.VolumeCinder},
		{v.CephFS != nil, pss.VolumeCephFS},
		{v.Flocker != nil, pss.VolumeFlocker},
		{v.FC != nil, pss.VolumeFC},
		{v.AzureFile != nil, pss.VolumeAzureFile},
		{v.VsphereVolume != nil, pss.VolumeVsphereVolume},
		{v.Quobyte != nil, pss.VolumeQuobyte},
		{v.AzureDisk != nil, pss.VolumeAzureDisk},
		{v.PhotonPersistentDisk != nil, pss.VolumePhotonPersistentDisk},
		{v.PortworxVolume != nil, pss.VolumePortworxVolume},
		{v.ScaleIO != nil, pss.VolumeScaleIO},
		{v.StorageOS != nil, pss.VolumeStorageOS},
	} {
		if source.stated {
			set |= source.kind
		}
	}
	return set
}
