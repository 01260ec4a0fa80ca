package pss

// stated is a set of settings that a pod states at all. Most controls object only
// to what is stated, and most pods state little: a control whose settings are
// not stated need not be asked.
type stated uint16

const (
	statedHostNamespaces stated = 1 << iota
	statedVolumes
	statedSysctls
	statedAnnotations
	statedPrivileged
	statedProcMount
	statedAddedCapabilities
	statedHostPorts
	statedHosts
	statedAppArmor
	statedSeccomp
	statedSELinux
	statedHostProcess
	statedRunAsUser

	// statedNothing is in every set: what asks for it is always asked.
	statedNothing
)

// states returns what the pod, or any of its containers, states.
func (p *Pod) states() stated {
	s := statedNothing | p.SecurityContext.states()
	if p.HostNetwork || p.HostPID || p.HostIPC {
		s |= statedHostNamespaces
	}
	if len(p.Volumes) > 0 {
		s |= statedVolumes
	}
	if len(p.Sysctls) > 0 {
		s |= statedSysctls
	}
	if len(p.Annotations) > 0 {
		s |= statedAnnotations
	}
	for i := range p.Containers {
		s |= p.Containers[i].states()
	}
	return s
}

func (c *Container) states() stated {
	s := c.SecurityContext.states()
	if c.Privileged.Set {
		s |= statedPrivileged
	}
	if c.ProcMount.Set {
		s |= statedProcMount
	}
	if len(c.AddedCapabilities) > 0 {
		s |= statedAddedCapabilities
	}
	if len(c.HostPorts) > 0 {
		s |= statedHostPorts
	}
	if len(c.Hosts) > 0 {
		s |= statedHosts
	}
	return s
}

func (sc *SecurityContext) states() stated {
	var s stated
	if sc.AppArmorProfile.Set {
		s |= statedAppArmor
	}
	if sc.SeccompProfile.Set {
		s |= statedSeccomp
	}
	if sc.SELinux != (SELinuxOptions{}) {
		s |= statedSELinux
	}
	if sc.HostProcess.Set {
		s |= statedHostProcess
	}
	if sc.RunAsUser.Set {
		s |= statedRunAsUser
	}
	return s
}
