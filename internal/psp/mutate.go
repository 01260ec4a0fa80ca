package psp

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// mutate gives a pod what the policy has for those who do not say. The pod must
// have been defaulted; it is changed, but none of what it points to.
func (p *Policy) mutate(pod *corev1.Pod) {
	s := &p.Spec
	sc := pod.Spec.SecurityContext
	set := func(change func(*corev1.PodSecurityContext)) {
		if sc == nil {
			sc = &corev1.PodSecurityContext{}
		} else {
			shallow := *sc
			sc = &shallow
		}
		change(sc)
	}
	if (sc == nil || sc.SupplementalGroups == nil) && s.SupplementalGroups.Rule == MustRunAs {
		set(func(c *corev1.PodSecurityContext) { c.SupplementalGroups = []int64{s.SupplementalGroups.Ranges[0].Min} })
	}
	if (sc == nil || sc.FSGroup == nil) && s.FSGroup.Rule == MustRunAs {
		set(func(c *corev1.PodSecurityContext) { c.FSGroup = new(s.FSGroup.Ranges[0].Min) })
	}
	if (sc == nil || sc.SELinuxOptions == nil) && s.SELinux.Rule == MustRunAs {
		set(func(c *corev1.PodSecurityContext) { c.SELinuxOptions = s.SELinux.Options.DeepCopy() })
	}
	pod.Spec.SecurityContext = sc
	if profile := p.seccompFor(pod); profile != "" {
		annotate(pod, seccompPod, profile)
	}
	if s.RuntimeClass != nil && pod.Spec.RuntimeClassName == nil {
		pod.Spec.RuntimeClassName = s.RuntimeClass.Default
	}
	pod.Spec.InitContainers = slices.Clone(pod.Spec.InitContainers)
	pod.Spec.Containers = slices.Clone(pod.Spec.Containers)
	pod.Spec.EphemeralContainers = slices.Clone(pod.Spec.EphemeralContainers)
	for c := range containers(&pod.Spec) {
		p.mutateContainer(pod, c)
	}
}

// annotate sets an annotation, which may stand already.
func annotate(pod *corev1.Pod, key, value string) {
	if old, ok := pod.Annotations[key]; ok && old == value {
		return
	}
	all := maps.Clone(pod.Annotations)
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	pod.Annotations = all
}

// mutateContainer is mutate for one container.
func (p *Policy) mutateContainer(pod *corev1.Pod, c *container) {
	s := &p.Spec
	set := func(change func(*corev1.SecurityContext)) {
		own := &corev1.SecurityContext{}
		if *c.context != nil {
			shallow := **c.context
			own = &shallow
		}
		change(own)
		*c.context = own
	}
	if c.runAsUser(pod) == nil && s.RunAsUser.Rule == MustRunAs {
		set(func(sc *corev1.SecurityContext) { sc.RunAsUser = new(s.RunAsUser.Ranges[0].Min) })
	}
	if c.runAsGroup(pod) == nil && s.RunAsGroup != nil && s.RunAsGroup.Rule == MustRunAs {
		set(func(sc *corev1.SecurityContext) { sc.RunAsGroup = new(s.RunAsGroup.Ranges[0].Min) })
	}
	if c.seLinux(pod) == nil && s.SELinux.Rule == MustRunAs {
		set(func(sc *corev1.SecurityContext) { sc.SELinuxOptions = s.SELinux.Options.DeepCopy() })
	}
	key := appArmorPrefix + c.name
	if profile := p.Annotations[appArmorDefault]; profile != "" && pod.Annotations[key] == "" {
		annotate(pod, key, profile)
	}
	// The kubelet sees to it then, whatever user the image names.
	if s.RunAsUser.Rule == MustRunAsNonRoot && c.runAsNonRoot(pod) == nil && c.runAsUser(pod) == nil {
		set(func(sc *corev1.SecurityContext) { sc.RunAsNonRoot = new(true) })
	}
	if caps, changed := s.capabilitiesFor(c.own().Capabilities); changed {
		set(func(sc *corev1.SecurityContext) { sc.Capabilities = caps })
	}
	if s.ReadOnlyRootFilesystem && c.own().ReadOnlyRootFilesystem == nil {
		set(func(sc *corev1.SecurityContext) { sc.ReadOnlyRootFilesystem = new(true) })
	}
	if d := s.DefaultAllowPrivilegeEscalation; d != nil && c.own().AllowPrivilegeEscalation == nil {
		set(func(sc *corev1.SecurityContext) { sc.AllowPrivilegeEscalation = new(*d) })
	}
	if !s.EscalationAllowed() && c.own().AllowPrivilegeEscalation == nil {
		set(func(sc *corev1.SecurityContext) { sc.AllowPrivilegeEscalation = new(false) })
	}
}
