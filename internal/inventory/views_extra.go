package inventory

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// appendExtra writes everything that is kept of what profiles and exceptions look at.
func appendExtra(b []byte, x *workload.Extra) []byte {
	b = appendText(appendText(b, x.PodSecurityPolicy), x.ServiceAccount)
	b = binary.AppendUvarint(b, uint64(len(x.Labels)))
	for _, key := range slices.Sorted(maps.Keys(x.Labels)) {
		b = appendText(appendText(b, key), x.Labels[key])
	}
	b = appendOptBool(appendOptBool(b, x.AutomountServiceAccountToken), x.ShareProcessNamespace)
	b = binary.AppendUvarint(b, uint64(x.HostAliases)) //nolint:gosec // it counts
	b = appendContextExtra(b, &x.SecurityContext)
	b = appendOptInt(b, x.FSGroup)
	b = binary.AppendUvarint(b, uint64(len(x.SupplementalGroups)))
	for _, group := range x.SupplementalGroups {
		b = binary.AppendVarint(b, group)
	}
	b = appendOptText(appendOptText(b, x.CPULimit), x.MemoryLimit)
	b = binary.AppendUvarint(b, uint64(len(x.Volumes)))
	for i := range x.Volumes {
		v := &x.Volumes[i]
		b = appendText(appendText(appendText(b, v.HostPath), v.FlexVolumeDriver), v.CSIDriver)
		b = appendText(b, v.Image)
		b = append(b, bit(v.ServiceAccountToken))
	}
	b = binary.AppendUvarint(b, uint64(len(x.Containers)))
	for i := range x.Containers {
		b = appendContainerExtra(b, &x.Containers[i])
	}
	return b
}

func appendContainerExtra(b []byte, c *workload.ContainerExtra) []byte {
	b = appendContextExtra(appendText(b, c.Image), &c.SecurityContext)
	b = appendOptBool(b, c.ReadOnlyRootFilesystem)
	b = appendOptText(appendOptText(b, c.CPULimit), c.MemoryLimit)
	b = binary.AppendUvarint(b, uint64(len(c.VolumeMounts)))
	for _, m := range c.VolumeMounts {
		b = append(appendText(appendText(b, m.Name), m.MountPath), bit(m.ReadOnly))
	}
	b = binary.AppendUvarint(b, uint64(len(c.Ports)))
	for _, p := range c.Ports {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(p.ContainerPort)), int64(p.HostPort))
		b = appendText(b, p.Protocol)
	}
	return b
}

func appendContextExtra(b []byte, c *workload.SecurityContextExtra) []byte {
	b = appendOptInt(b, c.RunAsGroup)
	b = appendOptText(appendOptText(b, c.SeccompLocalhost), c.AppArmorLocalhost)
	return appendText(append(b, bit(c.SELinux)), c.SELinuxLevel)
}

func appendOptInt(b []byte, o pss.Opt[int64]) []byte {
	return binary.AppendVarint(append(b, bit(o.Set)), o.Value)
}
