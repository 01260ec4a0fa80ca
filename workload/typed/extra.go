package typed

import (
	"cmp"
	"slices"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
)

// extra reads what profiles and PodSecurityPolicy look at beyond pss.Pod.
func extra(spec *corev1.PodSpec) *workload.Extra {
	x := &workload.Extra{
		ServiceAccount:               cmp.Or(spec.ServiceAccountName, spec.DeprecatedServiceAccount),
		AutomountServiceAccountToken: opt(spec.AutomountServiceAccountToken),
		ShareProcessNamespace:        opt(spec.ShareProcessNamespace),
		HostAliases:                  len(spec.HostAliases),
	}
	if sc := spec.SecurityContext; sc != nil {
		x.SecurityContext = contextExtra(sc.RunAsGroup, sc.SeccompProfile, sc.AppArmorProfile, sc.SELinuxOptions)
		x.FSGroup = opt(sc.FSGroup)
		x.SupplementalGroups = append([]int64(nil), sc.SupplementalGroups...)
	}
	if spec.Resources != nil {
		x.CPULimit = limit(spec.Resources.Limits, corev1.ResourceCPU)
		x.MemoryLimit = limit(spec.Resources.Limits, corev1.ResourceMemory)
	}
	for i := range spec.Volumes {
		x.Volumes = append(x.Volumes, volumeExtra(&spec.Volumes[i].VolumeSource))
	}
	for c := range eachContainer(spec) {
		x.Containers = append(x.Containers, containerExtra(c))
	}
	return x
}

func contextExtra(runAsGroup *int64, seccomp *corev1.SeccompProfile, appArmor *corev1.AppArmorProfile,
	seLinux *corev1.SELinuxOptions,
) workload.SecurityContextExtra {
	x := workload.SecurityContextExtra{RunAsGroup: opt(runAsGroup)}
	if seccomp != nil {
		x.SeccompLocalhost = opt(seccomp.LocalhostProfile)
	}
	if appArmor != nil {
		x.AppArmorLocalhost = opt(appArmor.LocalhostProfile)
	}
	if seLinux != nil {
		x.SELinux, x.SELinuxLevel = true, seLinux.Level
	}
	return x
}

func volumeExtra(v *corev1.VolumeSource) (x workload.VolumeExtra) {
	if v.HostPath != nil {
		x.HostPath = v.HostPath.Path
	}
	if v.FlexVolume != nil {
		x.FlexVolumeDriver = v.FlexVolume.Driver
	}
	if v.CSI != nil {
		x.CSIDriver = v.CSI.Driver
	}
	if v.Image != nil {
		x.Image = v.Image.Reference
	}
	x.ServiceAccountToken = v.Projected != nil && !slices.ContainsFunc(v.Projected.Sources, beyondToken)
	return x
}

// beyondToken reports whether a source of a projected volume is none of those
// that the API server gives pods with their service account's token.
func beyondToken(s corev1.VolumeProjection) bool {
	rest := s
	rest.ServiceAccountToken, rest.ConfigMap, rest.DownwardAPI = nil, nil, nil
	if rest != (corev1.VolumeProjection{}) || s == rest {
		return true
	}
	switch token := s.ServiceAccountToken; {
	case token != nil && (token.Path != "token" || token.Audience != ""), s.ConfigMap != nil && s.ConfigMap.Name != "kube-root-ca.crt":
		return true
	}
	return s.DownwardAPI != nil && slices.ContainsFunc(s.DownwardAPI.Items, func(f corev1.DownwardAPIVolumeFile) bool {
		ref := f.FieldRef
		return f.Path != "namespace" || ref == nil || cmp.Or(ref.APIVersion, "v1") != "v1" || ref.FieldPath != "metadata.namespace"
	})
}

func containerExtra(c *corev1.Container) workload.ContainerExtra {
	x := workload.ContainerExtra{
		Image:       c.Image,
		CPULimit:    limit(c.Resources.Limits, corev1.ResourceCPU),
		MemoryLimit: limit(c.Resources.Limits, corev1.ResourceMemory),
	}
	if sc := c.SecurityContext; sc != nil {
		x.SecurityContext = contextExtra(sc.RunAsGroup, sc.SeccompProfile, sc.AppArmorProfile, sc.SELinuxOptions)
		x.ReadOnlyRootFilesystem = opt(sc.ReadOnlyRootFilesystem)
	}
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		x.VolumeMounts = append(x.VolumeMounts, workload.VolumeMount{Name: m.Name, MountPath: m.MountPath, ReadOnly: m.ReadOnly})
	}
	for i := range c.Ports {
		p := &c.Ports[i]
		x.Ports = append(x.Ports, workload.ContainerPort{
			ContainerPort: p.ContainerPort, HostPort: p.HostPort, Protocol: string(p.Protocol),
		})
	}
	return x
}

// limit returns a resource's limit in its canonical form: how it was written is
// not known any more.
func limit(limits corev1.ResourceList, name corev1.ResourceName) pss.Opt[string] {
	q, ok := limits[name]
	if !ok {
		return pss.Opt[string]{}
	}
	return pss.Some(q.String())
}
