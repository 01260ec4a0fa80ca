package workload

import (
	"math/bits"

	"github.com/gabion-security/gabion/pss"
)

// volumeKeys are the fields of a volume.
var volumeKeys = []string{
	"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
	"secret", "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
	"flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
	"photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
}

// volumes reads a pod's volumes.
func (r *reading) volumes(p *podReading) {
	for more := r.list(); more; more = r.nextItem() {
		if p.pod.Volumes == nil {
			p.pod.Volumes = make([]pss.Volume, 0, 4)
		}
		var x VolumeExtra
		volume := r.volume(&x)
		p.pod.Volumes = append(p.pod.Volumes, volume)
		if p.extra != nil {
			p.extra.Volumes = append(p.extra.Volumes, x)
		}
	}
}

// volume reads one volume. One that states only a source that is not known
// keeps none: it is an unknown volume, not an emptyDir.
func (r *reading) volume(x *VolumeExtra) (v pss.Volume) {
	var named, seen uint32
	unknown := false
	for more := r.object(); more; more = r.nextMember() {
		key := r.key()
		if string(key) == "name" {
			r.once(&named, 0)
			v.Name = r.text()
			continue
		}
		source := pss.VolumeSource(string(key))
		if source == 0 {
			r.misspelt(key, volumeKeys)
			if !r.null() {
				unknown = true
				r.skip()
			}
			continue
		}
		r.once(&seen, uint(bits.TrailingZeros32(uint32(source))))
		if r.source(source, x) {
			v.Sources |= source
		}
	}
	if !unknown && !r.stored {
		DefaultVolume(&v)
	}
	return v
}

// source reads a source of a volume and reports whether it is set.
func (r *reading) source(source pss.VolumeSources, x *VolumeExtra) bool {
	if r.null() {
		return false
	}
	if r.peek() != '{' {
		r.object() // records the wrong type
		return false
	}
	if !r.extra {
		r.skip()
		return true
	}
	switch source {
	case pss.VolumeHostPath:
		x.HostPath = r.memberText("path")
	case pss.VolumeFlexVolume:
		x.FlexVolumeDriver = r.memberText("driver")
	case pss.VolumeCSI:
		x.CSIDriver = r.memberText("driver")
	case pss.VolumeImage:
		x.Image = r.memberText("reference")
	case pss.VolumeProjected:
		x.ServiceAccountToken = r.onlyToken()
	default:
		r.skip()
	}
	return true
}

// memberText reads an object for one string.
func (r *reading) memberText(name string) (value string) {
	r.members(func(string) { value = r.text() }, name)
	return value
}
