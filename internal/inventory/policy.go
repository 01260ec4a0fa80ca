package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// podSecurityPolicy is what is kept of a PodSecurityPolicy. Its type is in no
// library any more.
type podSecurityPolicy struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   policyMetadata `json:"metadata"`
	Spec       policySpec     `json:"spec"`
}

type policyMetadata struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type policySpec struct {
	Privileged                      bool              `json:"privileged,omitempty"`
	DefaultAddCapabilities          []string          `json:"defaultAddCapabilities,omitempty"`
	RequiredDropCapabilities        []string          `json:"requiredDropCapabilities,omitempty"`
	AllowedCapabilities             []string          `json:"allowedCapabilities,omitempty"`
	Volumes                         []string          `json:"volumes,omitempty"`
	HostNetwork                     bool              `json:"hostNetwork,omitempty"`
	HostPorts                       []policyPortRange `json:"hostPorts,omitempty"`
	HostPID                         bool              `json:"hostPID,omitempty"`
	HostIPC                         bool              `json:"hostIPC,omitempty"`
	SELinux                         policySELinux     `json:"seLinux"`
	RunAsUser                       policyIDs         `json:"runAsUser"`
	RunAsGroup                      *policyIDs        `json:"runAsGroup,omitempty"`
	SupplementalGroups              policyIDs         `json:"supplementalGroups"`
	FSGroup                         policyIDs         `json:"fsGroup"`
	ReadOnlyRootFilesystem          bool              `json:"readOnlyRootFilesystem,omitempty"`
	DefaultAllowPrivilegeEscalation *bool             `json:"defaultAllowPrivilegeEscalation,omitempty"`
	AllowPrivilegeEscalation        *bool             `json:"allowPrivilegeEscalation,omitempty"`
	AllowedHostPaths                []policyHostPath  `json:"allowedHostPaths,omitempty"`
	AllowedFlexVolumes              []policyDriver    `json:"allowedFlexVolumes,omitempty"`
	AllowedCSIDrivers               []policyName      `json:"allowedCSIDrivers,omitempty"`
	AllowedUnsafeSysctls            []string          `json:"allowedUnsafeSysctls,omitempty"`
	ForbiddenSysctls                []string          `json:"forbiddenSysctls,omitempty"`
	AllowedProcMountTypes           []string          `json:"allowedProcMountTypes,omitempty"`
	RuntimeClass                    *policyRuntime    `json:"runtimeClass,omitempty"`
}

type policyPortRange struct {
	Min int32 `json:"min"`
	Max int32 `json:"max"`
}

type policyIDs struct {
	Rule   string          `json:"rule,omitempty"`
	Ranges []policyIDRange `json:"ranges,omitempty"`
}

type policyIDRange struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

type policySELinux struct {
	Rule    string `json:"rule"`
	Options *struct {
		User  string `json:"user,omitempty"`
		Role  string `json:"role,omitempty"`
		Type  string `json:"type,omitempty"`
		Level string `json:"level,omitempty"`
	} `json:"seLinuxOptions,omitempty"`
}

type policyHostPath struct {
	PathPrefix string `json:"pathPrefix,omitempty"`
	ReadOnly   bool   `json:"readOnly,omitempty"`
}

type policyDriver struct {
	Driver string `json:"driver"`
}

type policyName struct {
	Name string `json:"name"`
}

type policyRuntime struct {
	Allowed []string `json:"allowedRuntimeClassNames"`
	Default *string  `json:"defaultRuntimeClassName,omitempty"`
}

// PrunePolicy returns what is kept of a PodSecurityPolicy, as JSON: what it asks
// of pods, and nothing else.
func PrunePolicy(text []byte) (json.RawMessage, error) {
	var p podSecurityPolicy
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("reading a PodSecurityPolicy: %w", err)
	}
	p.APIVersion, p.Kind = "policy/v1beta1", "PodSecurityPolicy"
	maps.DeleteFunc(p.Metadata.Annotations, func(key, _ string) bool {
		return !strings.HasPrefix(key, "seccomp.security.alpha.kubernetes.io/") &&
			!strings.HasPrefix(key, "apparmor.security.beta.kubernetes.io/")
	})
	return json.Marshal(p)
}
