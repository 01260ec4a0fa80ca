package generate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

var (
	safeSysctls = []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start",
	}
	newerSysctls = []string{
		"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_notsent_lowat",
	}
	unsafeSysctls = []string{"kernel.msgmax", "net/ipv4/tcp_syncookies", "net.ipv4.tcp_wmem ", "Kernel.shm_rmid_forced", "net.core.somaxconn"}
)

// podSpec makes the spec of a pod.
func (g *Generator) podSpec() corev1.PodSpec {
	var spec corev1.PodSpec
	if g.chance(30) {
		spec.OS = &corev1.PodOS{Name: pick(g, corev1.Windows, corev1.Windows, corev1.Linux, corev1.Linux, "", "Windows")}
	}
	if g.chance(40) {
		spec.HostUsers = pointer(g.chance(40))
	}
	spec.HostNetwork = g.violatesBaseline()
	spec.HostPID = g.violatesBaseline()
	spec.HostIPC = g.violatesBaseline()
	spec.Volumes = g.volumes()

	podWide := g.chance(50) // required settings stand at the pod or at every container
	spec.SecurityContext = g.podSecurityContext(podWide)
	for range pick(g, 0, 0, 0, 1, 2) {
		spec.InitContainers = append(spec.InitContainers, g.container(!podWide))
	}
	for range pick(g, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3) {
		spec.Containers = append(spec.Containers, g.container(!podWide))
	}
	for range pick(g, 0, 0, 0, 0, 0, 0, 1, 2) {
		c := g.container(!podWide)
		spec.EphemeralContainers = append(spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon(c),
			TargetContainerName:      pick(g, "", "a0"),
		})
	}
	g.ignored(&spec)
	return spec
}

// podSecurityContext makes the pod's security context; required says that it
// has to hold what restricted requires.
func (g *Generator) podSecurityContext(required bool) *corev1.PodSecurityContext {
	if (!required || g.violatesRestricted()) && g.chance(50) {
		return nil
	}
	var sc corev1.PodSecurityContext
	sc.RunAsNonRoot = g.runAsNonRoot(required)
	sc.RunAsUser = g.runAsUser()
	sc.SeccompProfile = g.seccompProfile(required)
	sc.AppArmorProfile = g.appArmorProfile()
	sc.SELinuxOptions = g.seLinux()
	sc.WindowsOptions = g.windowsOptions()
	sc.Sysctls = g.sysctls()
	if g.chance(25) { // nothing that Pod Security looks at
		sc.RunAsGroup = optional(g, int64(0), 1000)
		sc.FSGroup = optional(g, int64(0), 2000)
		sc.SupplementalGroups = pick(g, nil, []int64{}, []int64{0, 100})
		sc.SupplementalGroupsPolicy = optional(g, corev1.SupplementalGroupsPolicyMerge, corev1.SupplementalGroupsPolicyStrict)
		sc.FSGroupChangePolicy = optional(g, corev1.FSGroupChangeAlways, corev1.FSGroupChangeOnRootMismatch)
		sc.SELinuxChangePolicy = optional(g, corev1.SELinuxChangePolicyRecursive)
	}
	return &sc
}

func (g *Generator) sysctls() []corev1.Sysctl {
	if g.chance(70) {
		return nil
	}
	names := safeSysctls
	if g.mood != restricted && g.mood != baseline || g.chance(20) {
		names = slices.Concat(names, newerSysctls)
	}
	sysctls := make([]corev1.Sysctl, g.IntN(4))
	for i := range sysctls {
		sysctls[i] = corev1.Sysctl{Name: pick(g, names...), Value: g.oneOf("1", "0")}
		if g.violatesBaseline() {
			sysctls[i].Name = g.oneOf(unsafeSysctls...)
		}
	}
	return sysctls
}

// runAsNonRoot makes the setting that restricted requires of pod or container.
func (g *Generator) runAsNonRoot(required bool) *bool {
	switch {
	case g.violatesRestricted():
		return pick(g, nil, pointer(false), pointer(false))
	case required || g.chance(30):
		return pointer(true)
	}
	return nil
}

func (g *Generator) runAsUser() *int64 {
	if g.violatesRestricted() {
		return pointer(int64(0))
	}
	return optional(g, int64(1000), 1, 65535, -1, 1<<40)
}

func (g *Generator) seccompProfile(required bool) *corev1.SeccompProfile {
	switch {
	case g.violatesBaseline():
		return &corev1.SeccompProfile{Type: corev1.SeccompProfileType(g.oneOf("Unconfined", "", "runtimeDefault", "RuntimeDefault "))}
	case required && !g.violatesRestricted(), g.chance(30):
		p := &corev1.SeccompProfile{Type: pick(g, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost)}
		p.LocalhostProfile = optional(g, "p.json", "")
		return p
	}
	return nil
}

func (g *Generator) appArmorProfile() *corev1.AppArmorProfile {
	switch {
	case g.violatesBaseline():
		return &corev1.AppArmorProfile{Type: corev1.AppArmorProfileType(g.oneOf("Unconfined", "", "localhost", "RuntimeDefault\n"))}
	case g.chance(20):
		p := &corev1.AppArmorProfile{Type: pick(g, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeLocalhost)}
		p.LocalhostProfile = optional(g, "profile", "")
		return p
	}
	return nil
}

func (g *Generator) seLinux() *corev1.SELinuxOptions {
	switch {
	case g.violatesBaseline():
		var o corev1.SELinuxOptions
		o.Type = pick(g, "", "container_t", g.oneOf("spc_t", "container_engine_t", "unconfined_t"))
		o.User = pick(g, "", g.oneOf("system_u"))
		o.Role = pick(g, "", g.oneOf("system_r"))
		o.Level = pick(g, "", "s0:c1,c2")
		return &o
	case g.chance(25):
		o := &corev1.SELinuxOptions{Type: pick(g, "", "container_t", "container_init_t", "container_kvm_t"), Level: pick(g, "", "s0")}
		if g.chance(5) {
			o.Type = "container_engine_t" // since v1.31
		}
		return o
	}
	return nil
}

func (g *Generator) windowsOptions() *corev1.WindowsSecurityContextOptions {
	switch {
	case g.violatesBaseline():
		return &corev1.WindowsSecurityContextOptions{HostProcess: pointer(true)}
	case g.chance(15):
		o := &corev1.WindowsSecurityContextOptions{HostProcess: pick(g, nil, pointer(false))}
		o.RunAsUserName = optional(g, "ContainerUser", "")
		return o
	}
	return nil
}
