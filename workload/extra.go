package workload

import "github.com/gabion-security/gabion/pss"

// PodSecurityPolicyAnnotation is where the API server wrote by which
// PodSecurityPolicy it had admitted a pod.
const PodSecurityPolicyAnnotation = "kubernetes.io/psp"

// Extra is what profiles and PodSecurityPolicy look at in a pod beyond
// [pss.Pod]. No Pod Security Standard looks at it.
type Extra struct {
	// Labels are metadata.labels of the pod or the template, nil if there are
	// none.
	Labels map[string]string
	// PodSecurityPolicy is the annotation kubernetes.io/psp: the policy by which
	// the API server admitted a pod that exists.
	PodSecurityPolicy string
	// ServiceAccount is spec.serviceAccountName, or the older
	// spec.serviceAccount where that is empty.
	ServiceAccount               string
	AutomountServiceAccountToken pss.Opt[bool]
	ShareProcessNamespace        pss.Opt[bool]
	// HostAliases is how many there are.
	HostAliases int
	// SecurityContext goes with Pod.SecurityContext.
	SecurityContext    SecurityContextExtra
	FSGroup            pss.Opt[int64]
	SupplementalGroups []int64
	// CPULimit and MemoryLimit are resources.limits of the pod as a whole, as they
	// are written.
	CPULimit, MemoryLimit pss.Opt[string]
	// Volumes go with Pod.Volumes, in the same order.
	Volumes []VolumeExtra
	// Containers go with Pod.Containers, in the same order.
	Containers []ContainerExtra
}

// SecurityContextExtra goes with [pss.SecurityContext].
type SecurityContextExtra struct {
	RunAsGroup pss.Opt[int64]
	// SeccompLocalhost and AppArmorLocalhost are the names of the profiles on
	// the node, localhostProfile.
	SeccompLocalhost, AppArmorLocalhost pss.Opt[string]
	// SELinux says that seLinuxOptions is there, be it empty.
	SELinux bool
	// SELinuxLevel is seLinuxOptions.level.
	SELinuxLevel string
}

// VolumeExtra goes with [pss.Volume].
type VolumeExtra struct {
	HostPath         string // hostPath.path
	FlexVolumeDriver string // flexVolume.driver
	CSIDriver        string // csi.driver
	Image            string // image.reference
	// ServiceAccountToken says that projected holds nothing beyond what the API
	// server gives pods with their service account's token.
	ServiceAccountToken bool
}

// ContainerExtra goes with [pss.Container].
type ContainerExtra struct {
	Image                  string
	SecurityContext        SecurityContextExtra
	ReadOnlyRootFilesystem pss.Opt[bool]
	// CPULimit and MemoryLimit are resources.limits as they are written.
	CPULimit, MemoryLimit pss.Opt[string]
	VolumeMounts          []VolumeMount
	// Ports are all ports, as they are written, before any defaulting.
	Ports []ContainerPort
}

// VolumeMount is where a container sees a volume.
type VolumeMount struct {
	Name      string // the volume's
	MountPath string
	ReadOnly  bool
}

// ContainerPort is one port of a container.
type ContainerPort struct {
	ContainerPort, HostPort int32
	Protocol                string
}
