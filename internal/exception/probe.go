package exception

import (
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// probeOf returns a pod that states a value everywhere where it may stand, and in
// no way that would have it pass unseen.
func probeOf(value string) Pod {
	sc := pss.SecurityContext{
		SeccompProfile: pss.Some(value), AppArmorProfile: pss.Some(value),
		SELinux: pss.SELinuxOptions{Type: value, User: value, Role: value},
	}
	c := pss.Container{
		Name: "probe", Kind: pss.RegularContainer, AddedCapabilities: []string{value}, ProcMount: pss.Some(value),
		Hosts: []pss.Host{{Value: value}},
	}
	if b, err := strconv.ParseBool(value); err == nil && strconv.FormatBool(b) == value {
		sc.RunAsNonRoot, sc.HostProcess = pss.Some(b), pss.Some(b)
		c.Privileged, c.AllowPrivilegeEscalation = pss.Some(b), pss.Some(b)
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(n, 10) == value {
		sc.RunAsUser = pss.Some(n)
		if n > 0 && n <= 65535 {
			c.HostPorts = []pss.HostPort{{Port: int32(n)}}
		}
	}
	c.SecurityContext = sc
	p := &pss.Pod{
		Annotations: []pss.Annotation{
			{Key: pss.AppArmorAnnotationPrefix + c.Name, Value: value},
			{Key: pss.SeccompContainerAnnotationPrefix + c.Name, Value: value},
			{Key: pss.SeccompPodAnnotation, Value: value},
		},
		HostNetwork: true, HostPID: true, HostIPC: true,
		SecurityContext: sc, Sysctls: []string{value}, Containers: []pss.Container{c},
	}
	x := &workload.Extra{Containers: []workload.ContainerExtra{{}}}
	source, path := pss.VolumeSource(value), ""
	if strings.HasPrefix(value, "/") {
		source, path = pss.VolumeHostPath, value
	}
	if source != 0 {
		p.Volumes = []pss.Volume{{Name: "probe", Sources: source}}
		x.Volumes = []workload.VolumeExtra{{HostPath: path}}
	}
	return Pod{Pod: p, Extra: x}
}
