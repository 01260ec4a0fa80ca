package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PodSecurityProfile asks of pods what a level of the Pod Security Standards
// asks, and more: the controls that PodSecurityPolicy had and the standard has
// not, and some that are newer than both. A profile only adds to its level. A
// pod meets it if it meets the level and every control that the profile states.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=psprofile;podsecprofile,categories=gabion
// +kubebuilder:printcolumn:name="Level",type=string,JSONPath=`.spec.base.level`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.base.version`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PodSecurityProfile struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the profile asks of pods.
	// +required
	Spec PodSecurityProfileSpec `json:"spec"`
	// Status is what servers say of the profile.
	// +optional
	Status *Status `json:"status,omitempty"`
}

// PodSecurityProfileList is a list of profiles.
//
// +kubebuilder:object:root=true
type PodSecurityProfileList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PodSecurityProfile `json:"items"`
}

// PodSecurityProfileSpec is what a profile asks of pods. A control that is left
// out asks nothing. One that is there and lists nothing allows nothing.
type PodSecurityProfileSpec struct {
	// Base is the level of the Pod Security Standards that the profile adds to.
	// +required
	Base Base `json:"base"`
	// WindowsPods says whether pods whose spec.os.name is windows have to make
	// the settings that mean something on Linux only. Excused, which is also
	// meant if it is left out, does not ask for them, as the standard does not:
	// the API server refuses them there. Judged asks for them nevertheless, as
	// PodSecurityPolicy did. What such a pod does set is judged in any case.
	// +optional
	WindowsPods WindowsPods `json:"windowsPods,omitempty"`

	ContainerControls `json:",inline"`
	PodControls       `json:",inline"`
	VolumeControls    `json:",inline"`
}

// ContainerControls are the controls that look at the settings of containers,
// which the pod's own settings may stand in for.
type ContainerControls struct {
	// ReadOnlyRootFilesystem, if Required, asks every container to set
	// readOnlyRootFilesystem to true.
	// +optional
	ReadOnlyRootFilesystem Required `json:"readOnlyRootFilesystem,omitempty"`
	// PrivilegedContainers, if Forbidden, allows no container to be privileged.
	// +optional
	PrivilegedContainers Forbidden `json:"privilegedContainers,omitempty"`
	// PrivilegeEscalation, if Forbidden, asks every container to set
	// allowPrivilegeEscalation to false; if Stated, to set it to either value,
	// which is what remains of the defaultAllowPrivilegeEscalation of a
	// PodSecurityPolicy.
	// +optional
	PrivilegeEscalation PrivilegeEscalation `json:"privilegeEscalation,omitempty"`
	// UserIDs says which users containers may run as (runAsUser).
	// +optional
	UserIDs *UserIDs `json:"userIDs,omitempty"`
	// GroupIDs says which primary groups containers may run as (runAsGroup).
	// +optional
	GroupIDs *GroupIDs `json:"groupIDs,omitempty"`
	// AllowedCapabilities lists the capabilities that containers may add. A
	// star stands for all.
	// +optional
	AllowedCapabilities *Allowed `json:"allowedCapabilities,omitempty"`
	// RequiredDropCapabilities lists the capabilities that every container has
	// to drop, each by its name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:items:Pattern=`^[A-Z][A-Z0-9_]*$`
	RequiredDropCapabilities []string `json:"requiredDropCapabilities,omitempty"`
	// StatedCapabilities lists the capabilities of which every container has to
	// say whether it adds or drops them. It is what remains of the
	// defaultAddCapabilities of a PodSecurityPolicy.
	// +optional
	// +listType=set
	// +kubebuilder:validation:items:Pattern=`^[A-Z][A-Z0-9_]*$`
	StatedCapabilities []string `json:"statedCapabilities,omitempty"`
	// AllowedHostPorts lists the ports of the node that containers may open
	// (hostPort).
	// +optional
	AllowedHostPorts *HostPorts `json:"allowedHostPorts,omitempty"`
	// SeccompProfiles lists the seccomp profiles that pods and containers may
	// name: runtime/default, unconfined, localhost/NAME, or a star for all.
	// Whoever has to name one has to do it in the field, unless the version of
	// the base is older than v1.27: from Kubernetes 1.27 on the annotations mean
	// nothing.
	// +optional
	SeccompProfiles *NamedProfiles `json:"seccompProfiles,omitempty"`
	// AppArmorProfiles lists the AppArmor profiles that pods and containers may
	// name: runtime/default, unconfined, localhost/NAME, or a star for all.
	// +optional
	AppArmorProfiles *NamedProfiles `json:"appArmorProfiles,omitempty"`
	// SELinuxContexts lists the SELinux options that pods and containers may set.
	// +optional
	SELinuxContexts *SELinux `json:"seLinuxContexts,omitempty"`
	// ProcMountTypes lists the values that containers may give procMount. A
	// container that sets none has Default.
	// +optional
	ProcMountTypes *Allowed `json:"procMountTypes,omitempty"`
	// ResourceLimits lists the resources whose limit every container has to
	// state: cpu, memory. A container that states none shares the limit of the
	// pod as a whole (spec.resources, Kubernetes 1.32 and newer), if that is set.
	// Ephemeral containers cannot and need not.
	// +optional
	// +listType=set
	ResourceLimits []Resource `json:"resourceLimits,omitempty"`
	// ImageRegistries lists where images of containers and of volumes may come
	// from: a registry such as registry.example.com, or a path in one such as
	// docker.io/library, which holds all repositories below it.
	// +optional
	ImageRegistries *Allowed `json:"imageRegistries,omitempty"`
	// ImageDigests, if Required, asks every image, of a container or a volume, to
	// be named by its digest.
	// +optional
	ImageDigests Required `json:"imageDigests,omitempty"`
}

// PodControls are the controls that look at the settings of the pod as a whole.
type PodControls struct {
	// FSGroups says which groups may own the pod's volumes (fsGroup).
	// +optional
	FSGroups *GroupIDs `json:"fsGroups,omitempty"`
	// SupplementalGroups says which further groups the pod's processes may be
	// in.
	// +optional
	SupplementalGroups *GroupIDs `json:"supplementalGroups,omitempty"`
	// HostNetwork, if Forbidden, allows no pod on the node's network.
	// +optional
	HostNetwork Forbidden `json:"hostNetwork,omitempty"`
	// HostPID, if Forbidden, allows no pod among the node's processes.
	// +optional
	HostPID Forbidden `json:"hostPID,omitempty"`
	// HostIPC, if Forbidden, allows no pod in the node's IPC namespace.
	// +optional
	HostIPC Forbidden `json:"hostIPC,omitempty"`
	// HostUsers, if Forbidden, asks every pod to set hostUsers to false, so that
	// it runs in a user namespace of its own.
	// +optional
	HostUsers Forbidden `json:"hostUsers,omitempty"`
	// AllowedSysctls lists the sysctls that pods may set. A star at the end
	// stands for any rest.
	// +optional
	AllowedSysctls *Allowed `json:"allowedSysctls,omitempty"`
	// ForbiddenSysctls lists the sysctls that pods must not set, whatever
	// allowedSysctls says. A star at the end stands for any rest.
	// +optional
	// +listType=set
	ForbiddenSysctls []string `json:"forbiddenSysctls,omitempty"`
	// RuntimeClasses lists the runtime classes that pods may name.
	// +optional
	RuntimeClasses *RuntimeClasses `json:"runtimeClasses,omitempty"`
	// AutomountServiceAccountToken, if Forbidden, asks every pod to set
	// automountServiceAccountToken to false.
	// +optional
	AutomountServiceAccountToken Forbidden `json:"automountServiceAccountToken,omitempty"`
	// ShareProcessNamespace, if Forbidden, allows no pod whose containers see
	// each other's processes.
	// +optional
	ShareProcessNamespace Forbidden `json:"shareProcessNamespace,omitempty"`
	// HostAliases, if Forbidden, allows no pod to add to its /etc/hosts.
	// +optional
	HostAliases Forbidden `json:"hostAliases,omitempty"`
}

// VolumeControls are the controls that look at volumes.
type VolumeControls struct {
	// VolumeTypes lists the types of volume that pods may use, by the name of
	// their field, such as configMap. A star stands for all, and
	// serviceAccountToken for a projected volume that holds nothing beyond what
	// the API server gives pods with their service account's token.
	// +optional
	VolumeTypes *Allowed `json:"volumeTypes,omitempty"`
	// AllowedHostPaths lists the paths of the node that volumes may show.
	// +optional
	AllowedHostPaths *HostPaths `json:"allowedHostPaths,omitempty"`
	// FlexVolumeDrivers lists the drivers that FlexVolumes may use.
	// +optional
	FlexVolumeDrivers *Allowed `json:"flexVolumeDrivers,omitempty"`
	// CSIDrivers lists the drivers that inline CSI volumes may use.
	// +optional
	CSIDrivers *Allowed `json:"csiDrivers,omitempty"`
}
