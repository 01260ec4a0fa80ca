package psp

import (
	corev1 "k8s.io/api/core/v1"
)

// BypassName is the name of the policy of [Bypass]. It sorts before others, the
// copies of [Policy.Simplify] among them: of policies that change a pod, the first
// is chosen, and every policy changes a pod that states its seccomp profile as a
// field only.
const BypassName = "0--gabion-privileged" //nolint:gosec // no secret

// Bypass returns the policy that admits every pod and changes none: where it may
// be used, PodSecurityPolicy does nothing any more.
func Bypass() *Policy {
	everything := IDs{Rule: RunAsAny}
	return &Policy{
		Name:        BypassName,
		Annotations: map[string]string{seccompAllowed: "*"},
		Spec: Spec{
			Privileged:          true,
			AllowedCapabilities: []corev1.Capability{allCapabilities}, Volumes: []string{"*"},
			HostNetwork: true, HostPorts: []PortRange{{Min: 0, Max: maxPort}}, HostPID: true, HostIPC: true,
			SELinux: SELinux{Rule: RunAsAny}, RunAsUser: everything, SupplementalGroups: everything, FSGroup: everything,
			AllowPrivilegeEscalation: new(true), AllowedUnsafeSysctls: []string{"*"},
			AllowedProcMountTypes: []corev1.ProcMountType{corev1.DefaultProcMount, corev1.UnmaskedProcMount},
		},
	}
}
