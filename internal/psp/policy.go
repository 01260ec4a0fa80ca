package psp

import (
	corev1 "k8s.io/api/core/v1"
)

// The annotations of a policy that are part of it.
const (
	seccompDefault  = "seccomp.security.alpha.kubernetes.io/defaultProfileName"
	seccompAllowed  = "seccomp.security.alpha.kubernetes.io/allowedProfileNames"
	appArmorDefault = "apparmor.security.beta.kubernetes.io/defaultProfileName"
	appArmorAllowed = "apparmor.security.beta.kubernetes.io/allowedProfileNames"
)

// Policy is one PodSecurityPolicy. [Parse] makes one that can be simulated.
type Policy struct {
	Name string
	// Annotations are all of the object's; four of them are part of the policy.
	Annotations map[string]string
	Spec        Spec
}

// Spec is a PodSecurityPolicySpec. Fields that are left out mean what the API
// server took them for.
type Spec struct {
	Privileged               bool                `json:"privileged,omitempty"`
	DefaultAddCapabilities   []corev1.Capability `json:"defaultAddCapabilities,omitempty"`
	RequiredDropCapabilities []corev1.Capability `json:"requiredDropCapabilities,omitempty"`
	AllowedCapabilities      []corev1.Capability `json:"allowedCapabilities,omitempty"`
	// Volumes are the kinds of volumes allowed, by the names of their fields; "*"
	// is all of them, and none is none of them.
	Volumes            []string    `json:"volumes,omitempty"`
	HostNetwork        bool        `json:"hostNetwork,omitempty"`
	HostPorts          []PortRange `json:"hostPorts,omitempty"`
	HostPID            bool        `json:"hostPID,omitempty"`
	HostIPC            bool        `json:"hostIPC,omitempty"`
	SELinux            SELinux     `json:"seLinux"`
	RunAsUser          IDs         `json:"runAsUser"`
	RunAsGroup         *IDs        `json:"runAsGroup,omitempty"`
	SupplementalGroups IDs         `json:"supplementalGroups"`
	FSGroup            IDs         `json:"fsGroup"`

	ReadOnlyRootFilesystem          bool  `json:"readOnlyRootFilesystem,omitempty"`
	DefaultAllowPrivilegeEscalation *bool `json:"defaultAllowPrivilegeEscalation,omitempty"`
	// AllowPrivilegeEscalation is true if it is nil: see EscalationAllowed.
	AllowPrivilegeEscalation *bool                  `json:"allowPrivilegeEscalation,omitempty"`
	AllowedHostPaths         []HostPath             `json:"allowedHostPaths,omitempty"`
	AllowedFlexVolumes       []FlexVolume           `json:"allowedFlexVolumes,omitempty"`
	AllowedCSIDrivers        []CSIDriver            `json:"allowedCSIDrivers,omitempty"`
	AllowedUnsafeSysctls     []string               `json:"allowedUnsafeSysctls,omitempty"`
	ForbiddenSysctls         []string               `json:"forbiddenSysctls,omitempty"`
	AllowedProcMountTypes    []corev1.ProcMountType `json:"allowedProcMountTypes,omitempty"`
	RuntimeClass             *RuntimeClass          `json:"runtimeClass,omitempty"`
}

// EscalationAllowed is allowPrivilegeEscalation. Policies older than the field
// had to stay as permissive as they were.
func (s *Spec) EscalationAllowed() bool {
	return s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation
}

// PortRange is a range of host ports, both ends in it.
type PortRange struct {
	Min int32 `json:"min"`
	Max int32 `json:"max"`
}

// IDRange is a range of user or group IDs, both ends in it.
type IDRange struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// Rule is how a strategy treats a setting.
type Rule string

// The rules. Each strategy has some of them.
const (
	RunAsAny         Rule = "RunAsAny"
	MustRunAs        Rule = "MustRunAs"
	MustRunAsNonRoot Rule = "MustRunAsNonRoot"
	MayRunAs         Rule = "MayRunAs"
)

// IDs is a strategy for user or group IDs.
type IDs struct {
	Rule   Rule      `json:"rule,omitempty"`
	Ranges []IDRange `json:"ranges,omitempty"`
}

// contains reports whether an ID is in one of the ranges.
func (s *IDs) contains(id int64) bool {
	for _, r := range s.Ranges {
		if r.Min <= id && id <= r.Max {
			return true
		}
	}
	return false
}

// SELinux is the strategy for SELinux options.
type SELinux struct {
	Rule    Rule                   `json:"rule"`
	Options *corev1.SELinuxOptions `json:"seLinuxOptions,omitempty"`
}

// HostPath is a prefix of host paths, by path element.
type HostPath struct {
	PathPrefix string `json:"pathPrefix,omitempty"`
	ReadOnly   bool   `json:"readOnly,omitempty"`
}

// FlexVolume is a driver of FlexVolumes.
type FlexVolume struct {
	Driver string `json:"driver"`
}

// CSIDriver is a driver of inline CSI volumes.
type CSIDriver struct {
	Name string `json:"name"`
}

// RuntimeClass is the strategy for RuntimeClasses.
type RuntimeClass struct {
	Allowed []string `json:"allowedRuntimeClassNames"`
	Default *string  `json:"defaultRuntimeClassName,omitempty"`
}

// volumeKinds are all kinds of volumes that a policy could name.
func volumeKinds() []string {
	return []string{
		"*", "awsElasticBlockStore", "azureDisk", "azureFile", "cephFS", "cinder", "configMap", "csi", "downwardAPI", "emptyDir",
		"ephemeral", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "iscsi", "nfs",
		"persistentVolumeClaim", "photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret",
		"storageos", "vsphereVolume",
	}
}
