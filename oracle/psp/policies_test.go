package psp

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	seccompDefault  = "seccomp.security.alpha.kubernetes.io/defaultProfileName"
	seccompAllowed  = "seccomp.security.alpha.kubernetes.io/allowedProfileNames"
	appArmorDefault = "apparmor.security.beta.kubernetes.io/defaultProfileName"
	appArmorAllowed = "apparmor.security.beta.kubernetes.io/allowedProfileNames"
)

func capabilities() []corev1.Capability {
	return []corev1.Capability{"NET_ADMIN", "NET_BIND_SERVICE", "CHOWN", "ALL"}
}

func seccompProfiles() []string {
	return []string{"runtime/default", "docker/default", "unconfined", "localhost/a.json", ""}
}

// namedSeccomp are those that a list of a policy may hold.
func namedSeccomp() []string { return seccompProfiles()[:4] }

func appArmorProfiles() []string { return []string{"runtime/default", "localhost/a", "unconfined", ""} }

func sysctls() []string {
	return []string{"kernel.msgmax", "kernel.shm_rmid_forced", "net.core.somaxconn", "net.ipv4.tcp_syncookies", "kernel.sem"}
}

// policy makes a policy that Kubernetes can make a provider of. Some are lenient
// throughout, so that all sorts of pods pass.
func (r random) policy() *policy.PodSecurityPolicy {
	p := &policy.PodSecurityPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: pick(r, "policy/v1beta1", "extensions/v1beta1"), Kind: "PodSecurityPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: "p", Annotations: map[string]string{}},
	}
	lenient := r.IntN(6) + 1 // one field in so many is strict
	strict := func() bool { return r.one(lenient) }
	s := &p.Spec
	s.Privileged, s.HostNetwork, s.HostPID, s.HostIPC = !strict(), !strict(), !strict(), !strict()
	s.Volumes = []policy.FSType{policy.All}
	if strict() {
		s.Volumes = some(r, 9, policy.Secret, policy.ConfigMap, policy.EmptyDir, policy.HostPath, policy.CSI, policy.FlexVolume, policy.Projected,
			policy.NFS, policy.Ephemeral, policy.PersistentVolumeClaim, policy.DownwardAPI, policy.AzureDisk, policy.RBD)
	}
	s.HostPorts = []policy.HostPortRange{{Min: 0, Max: 65535}}
	if strict() {
		s.HostPorts = some(r, 2, policy.HostPortRange{Min: 80, Max: 80}, policy.HostPortRange{Min: 8000, Max: 9000})
	}
	r.strategies(p, strict)
	r.capabilitiesOf(s, strict)
	if strict() {
		s.ReadOnlyRootFilesystem = true
	}
	if r.one(4) {
		s.DefaultAllowPrivilegeEscalation = maybe(r, true, false)
	}
	s.AllowPrivilegeEscalation = maybe(r, true)
	if strict() {
		s.AllowPrivilegeEscalation = new(false)
		s.DefaultAllowPrivilegeEscalation = maybe(r, false)
	}
	r.lists(s, strict)
	r.annotations(p, strict)
	return p
}

// lenient makes a policy that allows everything and changes nothing.
func (r random) lenient() *policy.PodSecurityPolicy {
	p := &policy.PodSecurityPolicy{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{seccompAllowed: "*"}}}
	s := &p.Spec
	s.Privileged, s.HostNetwork, s.HostPID, s.HostIPC = true, true, true, true
	s.Volumes, s.HostPorts = []policy.FSType{policy.All}, []policy.HostPortRange{{Min: 0, Max: 65535}}
	s.AllowedCapabilities, s.AllowedUnsafeSysctls = []corev1.Capability{"*"}, []string{"*"}
	s.AllowedProcMountTypes = []corev1.ProcMountType{corev1.DefaultProcMount, corev1.UnmaskedProcMount}
	r.strategies(p, func() bool { return false })
	return p
}

func ranges() []policy.IDRange {
	return []policy.IDRange{{Min: 1, Max: 10}, {Min: 0, Max: 0}, {Min: 1000, Max: 65535}}
}

// someRanges returns at least one.
func (r random) someRanges() []policy.IDRange {
	return append([]policy.IDRange{pick(r, ranges()...)}, some(r, 2, ranges()...)...)
}

// strategies fills in what has a rule.
func (r random) strategies(p *policy.PodSecurityPolicy, strict func() bool) {
	s := &p.Spec
	s.RunAsUser.Rule, s.SELinux.Rule = policy.RunAsUserStrategyRunAsAny, policy.SELinuxStrategyRunAsAny
	s.FSGroup.Rule, s.SupplementalGroups.Rule = policy.FSGroupStrategyRunAsAny, policy.SupplementalGroupsStrategyRunAsAny
	if strict() {
		s.RunAsUser.Rule = pick(r, policy.RunAsUserStrategyMustRunAs, policy.RunAsUserStrategyMustRunAsNonRoot)
		s.RunAsUser.Ranges = r.someRanges()
	}
	if strict() {
		s.RunAsGroup = &policy.RunAsGroupStrategyOptions{
			Rule:   pick(r, policy.RunAsGroupStrategyMustRunAs, policy.RunAsGroupStrategyMayRunAs),
			Ranges: r.someRanges(),
		}
	} else if r.one(2) {
		s.RunAsGroup = &policy.RunAsGroupStrategyOptions{Rule: policy.RunAsGroupStrategyRunAsAny}
	}
	if strict() {
		s.FSGroup.Rule = pick(r, policy.FSGroupStrategyMustRunAs, policy.FSGroupStrategyMayRunAs)
		s.FSGroup.Ranges = r.someRanges()
	}
	if strict() {
		s.SupplementalGroups.Rule = pick(r, policy.SupplementalGroupsStrategyMustRunAs, policy.SupplementalGroupsStrategyMayRunAs)
		s.SupplementalGroups.Ranges = r.someRanges()
	}
	if strict() {
		s.SELinux.Rule = policy.SELinuxStrategyMustRunAs
		s.SELinux.SELinuxOptions = r.seLinux()
	}
}

// seLinux is one of few, so that a pod often has what a policy wants.
func (r random) seLinux() *corev1.SELinuxOptions {
	o := &corev1.SELinuxOptions{Level: pick(r, "", "s0:c1,c2", "s0:c2,c1", "s0:c1", "s0", "s1:c1,c2"), Type: pick(r, "", "container_t")}
	if r.one(4) {
		o.User, o.Role = pick(r, "", "u"), pick(r, "", "r")
	}
	return o
}

// capabilitiesOf fills in the three lists, none of which contradicts another.
func (r random) capabilitiesOf(s *policy.PodSecurityPolicySpec, strict func() bool) {
	s.AllowedCapabilities = []corev1.Capability{"*"}
	if !strict() {
		if r.one(4) {
			s.DefaultAddCapabilities = some(r, 2, capabilities()...)
		}
		return
	}
	s.AllowedCapabilities = some(r, 2, capabilities()...)
	s.DefaultAddCapabilities = some(r, 2, capabilities()...)
	taken := map[corev1.Capability]bool{}
	for _, c := range append(append([]corev1.Capability{}, s.AllowedCapabilities...), s.DefaultAddCapabilities...) {
		taken[c] = true
	}
	for _, c := range some(r, 2, capabilities()...) {
		if !taken[c] {
			s.RequiredDropCapabilities = append(s.RequiredDropCapabilities, c)
		}
	}
}

// lists fills in what is allowed or forbidden by name.
func (r random) lists(s *policy.PodSecurityPolicySpec, strict func() bool) {
	if strict() {
		s.AllowedHostPaths = some(r, 3, policy.AllowedHostPath{PathPrefix: "/var/log"}, policy.AllowedHostPath{PathPrefix: "/var/log/", ReadOnly: true},
			policy.AllowedHostPath{PathPrefix: "/", ReadOnly: true}, policy.AllowedHostPath{PathPrefix: "/var"})
	}
	if strict() {
		s.AllowedFlexVolumes = some(r, 2, policy.AllowedFlexVolume{Driver: "a/b"}, policy.AllowedFlexVolume{Driver: "c/d"})
	}
	if strict() {
		s.AllowedCSIDrivers = some(r, 2, policy.AllowedCSIDriver{Name: "csi.a"}, policy.AllowedCSIDriver{Name: "csi.b"})
	}
	s.AllowedUnsafeSysctls = []string{"*"}
	if strict() {
		s.AllowedUnsafeSysctls = some(r, 2, "kernel.msg*", "net.core.somaxconn")
		s.ForbiddenSysctls = some(r, 2, "kernel.s*", "net.ipv4.tcp_syncookies")
	}
	s.AllowedProcMountTypes = []corev1.ProcMountType{corev1.DefaultProcMount, corev1.UnmaskedProcMount}
	if strict() {
		s.AllowedProcMountTypes = some(r, 1, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	}
	if strict() {
		s.RuntimeClass = &policy.RuntimeClassStrategyOptions{AllowedRuntimeClassNames: pick(r, []string{"*"}, []string{"a"}, []string{"a", "b"}, nil)}
		if len(s.RuntimeClass.AllowedRuntimeClassNames) > 0 {
			s.RuntimeClass.DefaultRuntimeClassName = maybe(r, "a")
		}
	}
}

// annotations fills in the four that belong to the policy.
func (r random) annotations(p *policy.PodSecurityPolicy, strict func() bool) {
	p.Annotations[seccompAllowed] = "*"
	if strict() {
		delete(p.Annotations, seccompAllowed)
		if !r.one(3) {
			p.Annotations[seccompAllowed] = strings.Join(some(r, 3, namedSeccomp()...), ",")
		}
	}
	if r.one(5) {
		p.Annotations[seccompDefault] = pick(r, seccompProfiles()...)
	}
	if strict() {
		p.Annotations[appArmorAllowed] = strings.Join(some(r, 3, appArmorProfiles()...), ",")
	}
	if r.one(5) {
		p.Annotations[appArmorDefault] = pick(r, appArmorProfiles()...)
	}
}
