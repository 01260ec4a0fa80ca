package snapshot

// podSpec is what is kept of a pod's spec, in the form of the API.
type podSpec struct {
	OS                           *named           `json:"os,omitempty"`
	HostUsers                    *bool            `json:"hostUsers,omitempty"`
	HostNetwork                  bool             `json:"hostNetwork,omitempty"`
	HostPID                      bool             `json:"hostPID,omitempty"`
	HostIPC                      bool             `json:"hostIPC,omitempty"`
	ShareProcessNamespace        *bool            `json:"shareProcessNamespace,omitempty"`
	RuntimeClassName             string           `json:"runtimeClassName,omitempty"`
	ServiceAccountName           string           `json:"serviceAccountName,omitempty"`
	AutomountServiceAccountToken *bool            `json:"automountServiceAccountToken,omitempty"`
	HostAliases                  []struct{}       `json:"hostAliases,omitempty"`
	SecurityContext              *securityContext `json:"securityContext,omitempty"`
	Resources                    *resources       `json:"resources,omitempty"`
	Volumes                      []map[string]any `json:"volumes,omitempty"`
	InitContainers               []container      `json:"initContainers,omitempty"`
	Containers                   []container      `json:"containers,omitempty"`
	EphemeralContainers          []container      `json:"ephemeralContainers,omitempty"`
}

type named struct {
	Name string `json:"name"`
}

// securityContext is that of a pod or of a container: each has its part.
type securityContext struct {
	RunAsNonRoot   *bool    `json:"runAsNonRoot,omitempty"`
	RunAsUser      *int64   `json:"runAsUser,omitempty"`
	RunAsGroup     *int64   `json:"runAsGroup,omitempty"`
	SeccompProfile *profile `json:"seccompProfile,omitempty"`
	AppArmor       *profile `json:"appArmorProfile,omitempty"`
	SELinux        *seLinux `json:"seLinuxOptions,omitempty"`
	Windows        *windows `json:"windowsOptions,omitempty"`

	FSGroup            *int64  `json:"fsGroup,omitempty"`
	SupplementalGroups []int64 `json:"supplementalGroups,omitempty"`
	Sysctls            []named `json:"sysctls,omitempty"`

	Privileged               *bool         `json:"privileged,omitempty"`
	AllowPrivilegeEscalation *bool         `json:"allowPrivilegeEscalation,omitempty"`
	ReadOnlyRootFilesystem   *bool         `json:"readOnlyRootFilesystem,omitempty"`
	ProcMount                *string       `json:"procMount,omitempty"`
	Capabilities             *capabilities `json:"capabilities,omitempty"`
}

type profile struct {
	Type             string  `json:"type"`
	LocalhostProfile *string `json:"localhostProfile,omitempty"`
}

type seLinux struct {
	Type  string `json:"type,omitempty"`
	User  string `json:"user,omitempty"`
	Role  string `json:"role,omitempty"`
	Level string `json:"level,omitempty"`
}

type windows struct {
	HostProcess bool `json:"hostProcess"`
}

type capabilities struct {
	Add  []string `json:"add,omitempty"`
	Drop []string `json:"drop,omitempty"`
}

type container struct {
	Name            string           `json:"name"`
	Image           string           `json:"image,omitempty"`
	Ports           []port           `json:"ports,omitempty"`
	Resources       *resources       `json:"resources,omitempty"`
	VolumeMounts    []mount          `json:"volumeMounts,omitempty"`
	LivenessProbe   *handler         `json:"livenessProbe,omitempty"`
	ReadinessProbe  *handler         `json:"readinessProbe,omitempty"`
	StartupProbe    *handler         `json:"startupProbe,omitempty"`
	Lifecycle       *lifecycle       `json:"lifecycle,omitempty"`
	SecurityContext *securityContext `json:"securityContext,omitempty"`
}

type port struct {
	ContainerPort int32  `json:"containerPort"`
	HostPort      int32  `json:"hostPort,omitempty"`
	Protocol      string `json:"protocol,omitempty"`
}

type resources struct {
	Limits limits `json:"limits"`
}

type limits struct {
	CPU    *string `json:"cpu,omitempty"`
	Memory *string `json:"memory,omitempty"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath,omitempty"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type lifecycle struct {
	PostStart *handler `json:"postStart,omitempty"`
	PreStop   *handler `json:"preStop,omitempty"`
}

// handler is a probe or a lifecycle handler.
type handler struct {
	HTTPGet   *host `json:"httpGet,omitempty"`
	TCPSocket *host `json:"tcpSocket,omitempty"`
}

type host struct {
	Host string `json:"host"`
}
