package v1alpha1

// Base is a level of the Pod Security Standards at a version.
type Base struct {
	// Level is the level that pods have to meet.
	// +required
	Level Level `json:"level"`
	// Version is the version of the standard, such as v1.37. If it is left out,
	// latest is meant.
	// +optional
	// +kubebuilder:validation:Pattern=`^(latest|v1\.(0|[1-9][0-9]{0,2}))$`
	Version string `json:"version,omitempty"`
}

// Level is a level of the Pod Security Standards.
//
// +kubebuilder:validation:Enum=privileged;baseline;restricted
type Level string

// WindowsPods says what is asked of Windows pods.
//
// +kubebuilder:validation:Enum=Excused;Judged
type WindowsPods string

// The values of WindowsPods.
const (
	WindowsExcused WindowsPods = "Excused"
	WindowsJudged  WindowsPods = "Judged"
)

// Required asks for a setting.
//
// +kubebuilder:validation:Enum=Required
type Required string

// IsRequired is the value of Required that asks for the setting.
const IsRequired Required = "Required"

// Forbidden refuses a setting.
//
// +kubebuilder:validation:Enum=Forbidden
type Forbidden string

// IsForbidden is the value of Forbidden that refuses the setting.
const IsForbidden Forbidden = "Forbidden"

// PrivilegeEscalation says what is asked about escalation of privileges.
//
// +kubebuilder:validation:Enum=Forbidden;Stated
type PrivilegeEscalation string

// The values of PrivilegeEscalation.
const (
	EscalationForbidden PrivilegeEscalation = "Forbidden"
	// EscalationStated leaves it to the containers, each of which has to say what
	// it does.
	EscalationStated PrivilegeEscalation = "Stated"
)

// Resource is a resource that containers may limit.
//
// +kubebuilder:validation:Enum=cpu;memory
type Resource string

// Where says who has to make a setting.
//
// +kubebuilder:validation:Enum=Never;Containers;Pod
type Where string

// The values of Where.
const (
	// Never leaves it to the pod: what it does set has to be allowed.
	Never Where = "Never"
	// Containers asks for the setting in every container, or in the pod for
	// those that do not make it.
	Containers Where = "Containers"
	// Pod asks for the setting in the pod itself, as PodSecurityPolicy did.
	Pod Where = "Pod"
)

// Rule says how a number is restricted.
//
// +kubebuilder:validation:Enum=MustRunAs;MayRunAs;MustRunAsNonRoot;RunAsAny
type Rule string

// The values of Rule.
const (
	MustRunAs        Rule = "MustRunAs"
	MayRunAs         Rule = "MayRunAs"
	MustRunAsNonRoot Rule = "MustRunAsNonRoot"
	RunAsAny         Rule = "RunAsAny"
)

// Allowed lists what is allowed. If the list is empty or left out, nothing is.
type Allowed struct {
	// Allowed are the allowed values.
	// +optional
	// +listType=set
	// +kubebuilder:validation:items:MinLength=1
	Allowed []string `json:"allowed,omitempty"`
}

// IDRange is a range of user or group IDs, its ends included.
//
// +kubebuilder:validation:XValidation:rule="self.min <= self.max",message="min must not be above max"
type IDRange struct {
	// Min is the first ID of the range.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Min *int64 `json:"min"`
	// Max is the last ID of the range.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Max *int64 `json:"max"`
}

// UserIDs says which users containers may run as.
//
// +kubebuilder:validation:XValidation:rule="(self.rule in ['MustRunAs', 'MayRunAs']) == (has(self.ranges) && size(self.ranges) > 0)",message="MustRunAs and MayRunAs need ranges, and no other rule has any"
type UserIDs struct {
	// Rule is MustRunAs (a user within the ranges has to be stated), MayRunAs
	// (one that is stated has to be within them), MustRunAsNonRoot (a user that
	// is not 0, or runAsNonRoot, has to be stated) or RunAsAny.
	// +required
	Rule Rule `json:"rule"`
	// Ranges are the allowed users.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Ranges []IDRange `json:"ranges,omitempty"`
}

// GroupIDs says which groups are allowed.
//
// +kubebuilder:validation:XValidation:rule="(self.rule in ['MustRunAs', 'MayRunAs']) == (has(self.ranges) && size(self.ranges) > 0)",message="MustRunAs and MayRunAs need ranges, and no other rule has any"
// +kubebuilder:validation:XValidation:rule="self.rule != 'MustRunAsNonRoot'",message="groups have no MustRunAsNonRoot"
type GroupIDs struct {
	// Rule is MustRunAs (a group within the ranges has to be stated), MayRunAs
	// (one that is stated has to be within them) or RunAsAny.
	// +required
	Rule Rule `json:"rule"`
	// Ranges are the allowed groups.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Ranges []IDRange `json:"ranges,omitempty"`
}

// PortRange is a range of ports, its ends included.
//
// +kubebuilder:validation:XValidation:rule="self.min <= self.max",message="min must not be above max"
type PortRange struct {
	// Min is the first port of the range.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Min *int64 `json:"min"`
	// Max is the last port of the range.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Max *int64 `json:"max"`
}

// HostPorts lists the allowed ports of the node. If the list is empty or left
// out, none is.
type HostPorts struct {
	// Allowed are the allowed ports.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Allowed []PortRange `json:"allowed,omitempty"`
}

// NamedProfiles lists the allowed profiles of seccomp or AppArmor.
type NamedProfiles struct {
	// Allowed are the allowed profiles. If the list is empty or left out, no
	// profile may be named.
	// +optional
	// +listType=set
	// +kubebuilder:validation:items:Pattern=`^(\*|runtime/default|docker/default|unconfined|localhost/.+)$`
	Allowed []string `json:"allowed,omitempty"`
	// Required says who has to name a profile. If it is left out, Never is
	// meant.
	// +optional
	Required Where `json:"required,omitempty"`
}

// SELinux lists the allowed SELinux options.
type SELinux struct {
	// Allowed are the allowed sets of options. If the list is empty or left
	// out, no options may be set.
	// +optional
	// +listType=atomic
	Allowed []SELinuxOptions `json:"allowed,omitempty"`
	// Required says who has to set options. If it is left out, Never is meant.
	// +optional
	Required Where `json:"required,omitempty"`
}

// SELinuxOptions are SELinux options as a whole: one that is left out must not
// be set.
type SELinuxOptions struct {
	// User is the SELinux user.
	// +optional
	User string `json:"user,omitempty"`
	// Role is the SELinux role.
	// +optional
	Role string `json:"role,omitempty"`
	// Type is the SELinux type.
	// +optional
	Type string `json:"type,omitempty"`
	// Level is the SELinux level. The order of its categories does not matter.
	// +optional
	Level string `json:"level,omitempty"`
}

// RuntimeClasses lists the allowed runtime classes.
type RuntimeClasses struct {
	// Allowed are the allowed names, a star for all. If the list is empty or
	// left out, no class may be named.
	// +optional
	// +listType=set
	// +kubebuilder:validation:items:MinLength=1
	Allowed []string `json:"allowed,omitempty"`
	// Required asks every pod to name a class.
	// +optional
	Required bool `json:"required,omitempty"`
}

// HostPaths lists the allowed paths of the node. If the list is empty or left
// out, none is.
type HostPaths struct {
	// Allowed are the allowed paths.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Allowed []HostPath `json:"allowed,omitempty"`
}

// HostPath is a path of the node.
type HostPath struct {
	// PathPrefix is the path; what is below it is allowed too. /foo holds
	// /foo and /foo/bar, and not /foobar.
	// +required
	// +kubebuilder:validation:Pattern=`^/`
	PathPrefix string `json:"pathPrefix"`
	// ReadOnly asks every mount of such a volume to be readOnly.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
}
