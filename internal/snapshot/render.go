package snapshot

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Pod returns a pod in the form of the API, with what was read of it and nothing
// else.
func Pod(t *workload.Template) (json.RawMessage, error) {
	p := line{APIVersion: "v1", Kind: "Pod", Spec: render(t)}
	p.Metadata.Annotations, p.Metadata.Labels = about(t)
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("writing a pod: %w", err)
	}
	return text, nil
}

// render makes a pod's spec of what was read of it. Reading it again gives the
// same.
func render(t *workload.Template) *podSpec {
	p, x := &t.Pod, t.Extra
	if x == nil {
		x = new(workload.Extra)
	}
	s := &podSpec{
		HostUsers: pointer(p.HostUsers), HostNetwork: p.HostNetwork, HostPID: p.HostPID, HostIPC: p.HostIPC,
		ShareProcessNamespace: pointer(x.ShareProcessNamespace), RuntimeClassName: t.RuntimeClass,
		ServiceAccountName: x.ServiceAccount, AutomountServiceAccountToken: pointer(x.AutomountServiceAccountToken),
		HostAliases: make([]struct{}, x.HostAliases),
	}
	if p.OS != "" {
		s.OS = &named{p.OS}
	}
	sc := renderContext(&p.SecurityContext, &x.SecurityContext)
	sc.FSGroup, sc.SupplementalGroups = pointer(x.FSGroup), x.SupplementalGroups
	for _, name := range p.Sysctls {
		sc.Sysctls = append(sc.Sysctls, named{name})
	}
	s.SecurityContext = present(sc)
	s.Resources = renderLimits(x.CPULimit, x.MemoryLimit)
	for i := range p.Volumes {
		s.Volumes = append(s.Volumes, renderVolume(&p.Volumes[i], at(x.Volumes, i)))
	}
	for i := range p.Containers {
		c := renderContainer(&p.Containers[i], at(x.Containers, i))
		switch p.Containers[i].Kind {
		case pss.InitContainer:
			s.InitContainers = append(s.InitContainers, c)
		case pss.RegularContainer:
			s.Containers = append(s.Containers, c)
		case pss.EphemeralContainer:
			s.EphemeralContainers = append(s.EphemeralContainers, c)
		}
	}
	return s
}

// at returns an item of a list that goes with another one.
func at[T any](list []T, i int) *T {
	if i < len(list) {
		return &list[i]
	}
	return new(T)
}

// pointer returns a setting in the form of the API.
func pointer[T comparable](o pss.Opt[T]) *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

// present returns what states something, else nil.
func present[T any](v *T) *T {
	if reflect.ValueOf(v).Elem().IsZero() {
		return nil
	}
	return v
}

func renderContext(c *pss.SecurityContext, x *workload.SecurityContextExtra) *securityContext {
	s := &securityContext{
		RunAsNonRoot: pointer(c.RunAsNonRoot), RunAsUser: pointer(c.RunAsUser), RunAsGroup: pointer(x.RunAsGroup),
	}
	if o := (seLinux{c.SELinux.Type, c.SELinux.User, c.SELinux.Role, x.SELinuxLevel}); x.SELinux || o != (seLinux{}) {
		s.SELinux = &o
	}
	if c.SeccompProfile.Set {
		s.SeccompProfile = &profile{c.SeccompProfile.Value, pointer(x.SeccompLocalhost)}
	}
	if c.AppArmorProfile.Set {
		s.AppArmor = &profile{c.AppArmorProfile.Value, pointer(x.AppArmorLocalhost)}
	}
	if c.HostProcess.Set {
		s.Windows = &windows{c.HostProcess.Value}
	}
	return s
}

func renderVolume(v *pss.Volume, x *workload.VolumeExtra) map[string]any {
	rendered := map[string]any{"name": v.Name}
	for _, source := range v.Sources.Fields() {
		rendered[source] = struct{}{}
	}
	for source, setting := range map[string]struct{ name, value string }{
		"hostPath": {"path", x.HostPath}, "flexVolume": {"driver", x.FlexVolumeDriver}, "csi": {"driver", x.CSIDriver},
		"image": {"reference", x.Image},
	} {
		if _, ok := rendered[source]; ok && setting.value != "" {
			rendered[source] = map[string]string{setting.name: setting.value}
		}
	}
	if _, ok := rendered["projected"]; ok && !x.ServiceAccountToken {
		// What it holds beyond a service account's token is not kept.
		rendered["projected"] = map[string][]struct{}{"sources": {{}}}
	}
	return rendered
}

func renderContainer(c *pss.Container, x *workload.ContainerExtra) container {
	sc := renderContext(&c.SecurityContext, &x.SecurityContext)
	sc.Privileged, sc.AllowPrivilegeEscalation = pointer(c.Privileged), pointer(c.AllowPrivilegeEscalation)
	sc.ReadOnlyRootFilesystem, sc.ProcMount = pointer(x.ReadOnlyRootFilesystem), pointer(c.ProcMount)
	if len(c.AddedCapabilities)+len(c.DroppedCapabilities) > 0 {
		sc.Capabilities = &capabilities{c.AddedCapabilities, c.DroppedCapabilities}
	}
	r := container{
		Name: c.Name, Image: x.Image, Ports: renderPorts(c, x), SecurityContext: present(sc),
		Resources: renderLimits(x.CPULimit, x.MemoryLimit),
	}
	for _, m := range x.VolumeMounts {
		r.VolumeMounts = append(r.VolumeMounts, mount{m.Name, m.MountPath, m.ReadOnly})
	}
	for _, h := range c.Hosts {
		renderHost(&r, h)
	}
	return r
}

func renderLimits(cpu, memory pss.Opt[string]) *resources {
	if !cpu.Set && !memory.Set {
		return nil
	}
	return &resources{limits{pointer(cpu), pointer(memory)}}
}

// renderPorts returns all ports, and those on the node whatever else is known.
func renderPorts(c *pss.Container, x *workload.ContainerExtra) (ports []port) {
	for _, p := range x.Ports {
		ports = append(ports, port{p.ContainerPort, p.HostPort, p.Protocol})
	}
	for _, p := range c.HostPorts {
		for len(ports) <= p.Index {
			ports = append(ports, port{})
		}
		ports[p.Index].HostPort = p.Port
	}
	return ports
}

func renderHost(c *container, h pss.Host) {
	if c.Lifecycle == nil && h.Field >= pss.PostStartHTTP {
		c.Lifecycle = new(lifecycle)
	}
	var to **handler
	switch h.Field {
	case pss.LivenessHTTP, pss.LivenessTCP:
		to = &c.LivenessProbe
	case pss.ReadinessHTTP, pss.ReadinessTCP:
		to = &c.ReadinessProbe
	case pss.StartupHTTP, pss.StartupTCP:
		to = &c.StartupProbe
	case pss.PostStartHTTP, pss.PostStartTCP:
		to = &c.Lifecycle.PostStart
	default:
		to = &c.Lifecycle.PreStop
	}
	if *to == nil {
		*to = new(handler)
	}
	switch h.Field {
	case pss.LivenessTCP, pss.ReadinessTCP, pss.StartupTCP, pss.PostStartTCP, pss.PreStopTCP:
		(*to).TCPSocket = &host{h.Value}
	default:
		(*to).HTTPGet = &host{h.Value}
	}
}
