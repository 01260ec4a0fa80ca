package psp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// What the loosest pod is made of, where the policy leaves a choice.
const (
	looseContainer  = "c"
	looseCapability = "SYS_ADMIN"
	looseSELinux    = "spc_t"
	looseSysctl     = "kernel.msgmax"
	looseHost       = "192.0.2.1"
)

// Loosest returns the pod that makes use of all that the policy allows and the Pod
// Security Standards look at, as it is stored: mutated by the policy. Settings
// that no real pod has together stand side by side in it.
func (p *Policy) Loosest() *corev1.Pod {
	s := &p.Spec
	pod := &corev1.Pod{}
	pod.APIVersion, pod.Kind, pod.Name = "v1", "Pod", "loosest"
	spec := &pod.Spec
	spec.HostNetwork, spec.HostPID, spec.HostIPC = s.HostNetwork, s.HostPID, s.HostIPC
	spec.Volumes = s.looseVolumes()
	sc := &corev1.PodSecurityContext{}
	for _, name := range s.AllowedUnsafeSysctls {
		sc.Sysctls = append(sc.Sysctls, corev1.Sysctl{Name: s.looseSysctl(name), Value: "1"})
	}
	if s.SELinux.Rule == RunAsAny {
		sc.SELinuxOptions = &corev1.SELinuxOptions{Type: looseSELinux, User: "u", Role: "r"}
	}
	if s.HostNetwork {
		// Without the host's network the API server takes no such pod.
		sc.WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: new(true)}
	}
	spec.SecurityContext = sc
	c := corev1.Container{Name: looseContainer, Image: "image", SecurityContext: s.looseContext()}
	c.LivenessProbe = &corev1.Probe{}
	c.LivenessProbe.TCPSocket = &corev1.TCPSocketAction{Host: looseHost}
	for _, r := range s.HostPorts {
		if r.Max > 0 {
			c.Ports = []corev1.ContainerPort{{ContainerPort: max(r.Min, 1), HostPort: max(r.Min, 1)}}
		}
	}
	if *c.SecurityContext.RunAsUser != 0 {
		sc.RunAsUser = new(int64(0)) // for containers that name none: no policy forbids it
	}
	spec.Containers = []corev1.Container{c}
	p.looseProfiles(pod)
	p.mutate(pod)
	syncSeccomp(pod)
	return pod
}

// looseContext is the security context of the loosest container.
func (s *Spec) looseContext() *corev1.SecurityContext {
	sc := &corev1.SecurityContext{}
	if s.Privileged {
		sc.Privileged = new(true)
	}
	if s.EscalationAllowed() {
		sc.AllowPrivilegeEscalation = new(true)
	}
	if slices.Contains(s.AllowedProcMountTypes, corev1.UnmaskedProcMount) {
		sc.ProcMount = new(corev1.UnmaskedProcMount)
	}
	sc.Capabilities = &corev1.Capabilities{
		Add:  slices.Concat(s.AllowedCapabilities, s.DefaultAddCapabilities),
		Drop: slices.Clone(s.RequiredDropCapabilities),
	}
	if i := slices.Index(sc.Capabilities.Add, allCapabilities); i >= 0 {
		sc.Capabilities.Add[i] = looseCapability
	}
	switch s.RunAsUser.Rule {
	case RunAsAny, MayRunAs: // the latter is for groups only
		sc.RunAsUser, sc.RunAsNonRoot = new(int64(0)), new(false)
	case MustRunAsNonRoot:
		sc.RunAsUser = new(int64(1)) // and so nothing sets runAsNonRoot
	case MustRunAs:
		sc.RunAsNonRoot = new(false)
		if sc.RunAsUser = new(s.RunAsUser.Ranges[0].Min); s.RunAsUser.contains(0) {
			sc.RunAsUser = new(int64(0))
		}
	}
	return sc
}

// looseSysctl is a sysctl that a pattern allows.
func (s *Spec) looseSysctl(pattern string) string {
	prefix, open := strings.CutSuffix(pattern, "*")
	switch {
	case !open:
		return pattern
	case strings.HasPrefix(looseSysctl, prefix):
		return looseSysctl
	}
	return prefix + "x"
}

// looseVolumes are one volume of every kind allowed.
func (s *Spec) looseVolumes() []corev1.Volume {
	kinds := slices.Clone(s.Volumes)
	if slices.Contains(kinds, "*") {
		kinds = volumeKinds()
	}
	var volumes []corev1.Volume
	for _, kind := range kinds {
		v := corev1.Volume{Name: strings.ToLower(kind)}
		field := kind
		if kind == "cephFS" {
			field = "cephfs" // the only kind whose field has another name
		}
		if kind == "*" || json.Unmarshal(fmt.Appendf(nil, "{%q:{}}", field), &v.VolumeSource) != nil {
			continue
		}
		switch {
		case v.HostPath != nil && len(s.AllowedHostPaths) > 0:
			v.HostPath.Path = s.AllowedHostPaths[0].PathPrefix
		case v.HostPath != nil:
			v.HostPath.Path = "/"
		case v.FlexVolume != nil && len(s.AllowedFlexVolumes) > 0:
			v.FlexVolume.Driver = s.AllowedFlexVolumes[0].Driver
		case v.CSI != nil && len(s.AllowedCSIDrivers) > 0:
			v.CSI.Driver = s.AllowedCSIDrivers[0].Name
		}
		volumes = append(volumes, v)
	}
	return volumes
}

// looseProfiles sets the loosest seccomp and AppArmor profiles allowed: none at
// all is stricter than unconfined, and looser than any other.
func (p *Policy) looseProfiles(pod *corev1.Pod) {
	named := func(profile string) bool { return profile != "" }
	switch s := p.seccomp(); {
	case s.any, slices.Contains(s.profiles, unconfined):
		annotate(pod, seccompPod, unconfined)
	case slices.Contains(s.profiles, "") && p.Annotations[seccompDefault] == "":
	default:
		if i := slices.IndexFunc(s.profiles, named); i >= 0 {
			annotate(pod, seccompPod, s.profiles[i])
		}
	}
	profile := unconfined
	if text, restricted := p.Annotations[appArmorAllowed]; restricted {
		all := strings.Split(text, ",")
		if i := slices.IndexFunc(all, named); i >= 0 && !slices.Contains(all, unconfined) {
			profile = all[i]
		}
	}
	annotate(pod, appArmorPrefix+looseContainer, profile)
}

// syncSeccomp gives the pod the field that its annotation means, as the API
// server does when it stores the pod.
func syncSeccomp(pod *corev1.Pod) {
	sc := pod.Spec.SecurityContext
	if sc.SeccompProfile != nil {
		return
	}
	switch profile := pod.Annotations[seccompPod]; {
	case profile == unconfined:
		sc.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	case profile == runtimeDefault, profile == dockerDefault:
		sc.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	case strings.HasPrefix(profile, localhostPrefix):
		sc.SeccompProfile = &corev1.SeccompProfile{
			Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: new(strings.TrimPrefix(profile, localhostPrefix)),
		}
	}
}

// view returns a pod as the Pod Security Standards see it.
func view(pod *corev1.Pod) (*pss.Pod, error) {
	text, err := json.Marshal(pod)
	if err != nil {
		return nil, fmt.Errorf("encoding the pod: %w", err)
	}
	r, err := workload.NewReader(workload.Options{Stored: true})
	if err != nil {
		return nil, err
	}
	item := r.ReadObject(text)
	if item.Err != nil || len(item.Templates) != 1 {
		return nil, fmt.Errorf("reading the pod: %w", item.Err)
	}
	return &item.Templates[0].Pod, nil
}
