package parity_test

import corev1 "k8s.io/api/core/v1"

// inUserNamespace gives a pod a user namespace, where since 1.35 more is allowed.
func inUserNamespace(p *corev1.Pod) { p.Spec.HostUsers = new(false) }

// unmasked leaves /proc as it is.
func unmasked(p *corev1.Pod) {
	p.Spec.Containers[0].SecurityContext.ProcMount = new(corev1.UnmaskedProcMount)
}

// lowat sets a sysctl that is allowed since 1.37.
func lowat(p *corev1.Pod) {
	p.Spec.SecurityContext.Sysctls = []corev1.Sysctl{{Name: "net.ipv4.tcp_notsent_lowat", Value: "1"}}
}

// versionSteps try what is allowed by newer versions of the standard than the one
// that is emulated, if one is. All that are newer are then the same as latest.
func versionSteps(emulated string) []step {
	newer := func(allows, refuses string) string {
		if emulated == "" {
			return allows
		}
		return refuses
	}
	const (
		baseline   = `violates PodSecurity "baseline:latest": `
		restricted = `violate PodSecurity "restricted:latest": runAsUser=0`
	)
	return []step{
		{"201", create("namespaces", "", namespace("newest", "enforce", "baseline", "enforce-version", "latest", "warn-version", "latest"))},
		{"201", create("namespaces", "", namespace("newer", "enforce", "baseline", "enforce-version", "v1.36"))},
		{"201", create("namespaces", "", namespace("older", "enforce", "baseline", "enforce-version", "v1.34"))},
		{newer("201", baseline+"procMount"), create("pods", "newest", pod("unmasked", inUserNamespace, unmasked))},
		{newer("201", baseline+"forbidden sysctls"), create("pods", "newest", pod("lowat", lowat))},
		{newer("201", `"baseline:v1.36": procMount`), create("pods", "newer", pod("unmasked", inUserNamespace, unmasked))},
		{`"baseline:v1.36": forbidden sysctls`, create("pods", "newer", pod("lowat", lowat))},
		{`"baseline:v1.34": procMount`, create("pods", "older", pod("unmasked", inUserNamespace, unmasked))},
		{newer("201; enforce-policy", restricted), create("pods", "newest", pod("root", inUserNamespace, asRoot))},
		{newer(nothing, restricted), create("deployments", "newest", workload("deployments", "root", pod("", inUserNamespace, asRoot)))},
		{"201", create("namespaces", "", namespace("swept", "enforce", "privileged"))},
		{"201", create("pods", "swept", pod("unmasked", inUserNamespace, unmasked))},
		{newer(nothing, "Warning: unmasked: procMount"), relabel("swept", "enforce", "baseline", "enforce-version", "latest").dry()},
	}
}
