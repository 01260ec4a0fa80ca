package psp

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// volumeKind returns the kind of a volume, as policies name it. A volume may be
// of one kind only. What Kubernetes 1.24 did not know has none.
func volumeKind(v *corev1.VolumeSource) string {
	for _, kind := range []struct {
		is   bool
		name string
	}{
		{v.HostPath != nil, "hostPath"},
		{v.EmptyDir != nil, "emptyDir"},
		{v.GCEPersistentDisk != nil, "gcePersistentDisk"},
		{v.AWSElasticBlockStore != nil, "awsElasticBlockStore"},
		{v.GitRepo != nil, "gitRepo"},
		{v.Secret != nil, "secret"},
		{v.NFS != nil, "nfs"},
		{v.ISCSI != nil, "iscsi"},
		{v.Glusterfs != nil, "glusterfs"},
		{v.PersistentVolumeClaim != nil, "persistentVolumeClaim"},
		{v.RBD != nil, "rbd"},
		{v.FlexVolume != nil, "flexVolume"},
		{v.Cinder != nil, "cinder"},
		{v.CephFS != nil, "cephFS"},
		{v.Flocker != nil, "flocker"},
		{v.DownwardAPI != nil, "downwardAPI"},
		{v.FC != nil, "fc"},
		{v.AzureFile != nil, "azureFile"},
		{v.ConfigMap != nil, "configMap"},
		{v.VsphereVolume != nil, "vsphereVolume"},
		{v.Quobyte != nil, "quobyte"},
		{v.AzureDisk != nil, "azureDisk"},
		{v.PhotonPersistentDisk != nil, "photonPersistentDisk"},
		{v.StorageOS != nil, "storageos"},
		{v.Projected != nil, "projected"},
		{v.PortworxVolume != nil, "portworxVolume"},
		{v.ScaleIO != nil, "scaleIO"},
		{v.CSI != nil, "csi"},
		{v.Ephemeral != nil, "ephemeral"},
	} {
		if kind.is {
			return kind.name
		}
	}
	return ""
}

// checkVolumes checks the pod's volumes.
func (s *Spec) checkVolumes(spec *corev1.PodSpec) []FieldError {
	var errs []FieldError
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		path, kind := at("spec.volumes", i), volumeKind(&v.VolumeSource)
		if !s.allowsVolume(kind, v) {
			errs = append(errs, invalid(path, kind, kind+" volumes are not allowed to be used"))
			continue
		}
		switch kind {
		case "hostPath":
			errs = append(errs, s.checkHostPath(path, spec, v)...)
		case "flexVolume":
			if !allowsDriver(s.AllowedFlexVolumes, FlexVolume{v.FlexVolume.Driver}) {
				errs = append(errs, invalid(path+".driver", v.FlexVolume.Driver, "Flexvolume driver is not allowed to be used"))
			}
		case "csi":
			if !allowsDriver(s.AllowedCSIDrivers, CSIDriver{v.CSI.Driver}) {
				errs = append(errs, invalid(path+".csi.driver", v.CSI.Driver, "Inline CSI driver is not allowed to be used"))
			}
		}
	}
	return errs
}

// allowsDriver reports whether a list has a driver; an empty one has them all.
func allowsDriver[T comparable](list []T, driver T) bool {
	return len(list) == 0 || slices.Contains(list, driver)
}

// allowsVolume reports whether the kind of a volume is allowed. Where secrets
// are, so is what replaced the secret with a service account's token.
func (s *Spec) allowsVolume(kind string, v *corev1.Volume) bool {
	return slices.Contains(s.Volumes, "*") || slices.Contains(s.Volumes, kind) ||
		kind == "projected" && slices.Contains(s.Volumes, "secret") && onlyToken(v.Projected)
}

// onlyToken reports whether a projected volume holds nothing but what a service
// account's token came with.
func onlyToken(v *corev1.ProjectedVolumeSource) bool {
	return !slices.ContainsFunc(v.Sources, func(s corev1.VolumeProjection) bool {
		switch token := s.ServiceAccountToken; {
		case token == nil && s.ConfigMap == nil && s.DownwardAPI == nil,
			token != nil && (token.Path != "token" || token.Audience != ""),
			s.ConfigMap != nil && s.ConfigMap.Name != "kube-root-ca.crt":
			return true
		}
		return s.DownwardAPI != nil && slices.ContainsFunc(s.DownwardAPI.Items, func(f corev1.DownwardAPIVolumeFile) bool {
			return f.Path != "namespace" || f.FieldRef == nil || f.FieldRef.APIVersion != "v1" || f.FieldRef.FieldPath != "metadata.namespace"
		})
	})
}

// checkHostPath checks the path of a hostPath volume and, where only reading is
// allowed, all that mount it.
func (s *Spec) checkHostPath(path string, spec *corev1.PodSpec, v *corev1.Volume) []FieldError {
	allowed, readOnly := s.allowsPath(v.HostPath.Path)
	if !allowed {
		return []FieldError{invalid(path+".hostPath.pathPrefix", v.HostPath.Path, "is not allowed to be used")}
	}
	if !readOnly {
		return nil
	}
	var errs []FieldError
	for c := range containers(spec) {
		for i := range c.mounts {
			if c.mounts[i].Name == v.Name && !c.mounts[i].ReadOnly {
				errs = append(errs, invalid(at(c.path+".volumeMounts", i)+".readOnly", false, "must be read-only"))
			}
		}
	}
	return errs
}

// allowsPath reports whether a path of the host may be used, and whether only
// for reading. Without a list all may.
func (s *Spec) allowsPath(path string) (allowed, readOnly bool) {
	if len(s.AllowedHostPaths) == 0 {
		return true, false
	}
	for _, p := range s.AllowedHostPaths {
		if isBelow(path, p.PathPrefix) {
			if !p.ReadOnly {
				return true, false
			}
			allowed = true
		}
	}
	return allowed, allowed
}

// isBelow reports whether a path is the prefix or below it, element by element.
func isBelow(path, prefix string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), strings.TrimSuffix(prefix, "/"))
	return ok && (rest == "" || rest[0] == '/')
}
