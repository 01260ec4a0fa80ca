package typed

import (
	"iter"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	corev1 "k8s.io/api/core/v1"
)

// eachContainer yields the containers of every kind, in the order in which Pod
// Security admission visits them. Each comes with its kind and its place in its
// own list.
func eachContainer(spec *corev1.PodSpec) iter.Seq2[*corev1.Container, place] {
	return func(yield func(*corev1.Container, place) bool) {
		for i := range spec.InitContainers {
			if !yield(&spec.InitContainers[i], place{pss.InitContainer, i}) {
				return
			}
		}
		for i := range spec.Containers {
			if !yield(&spec.Containers[i], place{pss.RegularContainer, i}) {
				return
			}
		}
		for i := range spec.EphemeralContainers {
			c := (*corev1.Container)(&spec.EphemeralContainers[i].EphemeralContainerCommon)
			if !yield(c, place{pss.EphemeralContainer, i}) {
				return
			}
		}
	}
}

// place is where a container stands.
type place struct {
	kind  pss.ContainerKind
	index int
}

// containers reads the containers of every kind. hostNetwork says that their
// ports are to be defaulted as in a Pod on the node's network.
func containers(spec *corev1.PodSpec, hostNetwork bool) []pss.Container {
	n := len(spec.InitContainers) + len(spec.Containers) + len(spec.EphemeralContainers)
	if n == 0 {
		return nil
	}
	all := make([]pss.Container, 0, n)
	for c, at := range eachContainer(spec) {
		all = append(all, container(c, at, hostNetwork))
	}
	return all
}

func container(c *corev1.Container, at place, hostNetwork bool) pss.Container {
	view := pss.Container{Name: c.Name, Kind: at.kind, Index: at.index, Hosts: hosts(c)}
	for i := range c.Ports {
		port := workload.DefaultHostPort(at.kind, hostNetwork, c.Ports[i].HostPort, c.Ports[i].ContainerPort)
		if port != 0 {
			view.HostPorts = append(view.HostPorts, pss.HostPort{Index: i, Port: port})
		}
	}
	sc := c.SecurityContext
	if sc == nil {
		return view
	}
	view.SecurityContext = securityContext(sc)
	view.Privileged = opt(sc.Privileged)
	view.AllowPrivilegeEscalation = opt(sc.AllowPrivilegeEscalation)
	if sc.ProcMount != nil {
		view.ProcMount = pss.Some(string(*sc.ProcMount))
	}
	if sc.Capabilities != nil {
		view.AddedCapabilities = capabilities(sc.Capabilities.Add)
		view.DroppedCapabilities = capabilities(sc.Capabilities.Drop)
	}
	return view
}

func capabilities(list []corev1.Capability) []string {
	var names []string
	for _, c := range list {
		names = append(names, string(c))
	}
	return names
}

// hosts returns the non-empty hosts of probes and lifecycle handlers.
func hosts(c *corev1.Container) []pss.Host {
	var found []pss.Host
	state := func(field pss.HostField, value string) {
		if value != "" {
			found = append(found, pss.Host{Field: field, Value: value})
		}
	}
	handler := func(http *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction, httpField, tcpField pss.HostField) {
		if http != nil {
			state(httpField, http.Host)
		}
		if tcp != nil {
			state(tcpField, tcp.Host)
		}
	}
	if p := c.LivenessProbe; p != nil {
		handler(p.HTTPGet, p.TCPSocket, pss.LivenessHTTP, pss.LivenessTCP)
	}
	if p := c.ReadinessProbe; p != nil {
		handler(p.HTTPGet, p.TCPSocket, pss.ReadinessHTTP, pss.ReadinessTCP)
	}
	if p := c.StartupProbe; p != nil {
		handler(p.HTTPGet, p.TCPSocket, pss.StartupHTTP, pss.StartupTCP)
	}
	if l := c.Lifecycle; l != nil {
		if h := l.PostStart; h != nil {
			handler(h.HTTPGet, h.TCPSocket, pss.PostStartHTTP, pss.PostStartTCP)
		}
		if h := l.PreStop; h != nil {
			handler(h.HTTPGet, h.TCPSocket, pss.PreStopHTTP, pss.PreStopTCP)
		}
	}
	return found
}

func podSecurityContext(sc *corev1.PodSecurityContext) pss.SecurityContext {
	return sharedContext(sc.RunAsNonRoot, sc.RunAsUser, sc.SeccompProfile, sc.AppArmorProfile, sc.SELinuxOptions, sc.WindowsOptions)
}

func securityContext(sc *corev1.SecurityContext) pss.SecurityContext {
	return sharedContext(sc.RunAsNonRoot, sc.RunAsUser, sc.SeccompProfile, sc.AppArmorProfile, sc.SELinuxOptions, sc.WindowsOptions)
}

// sharedContext reads the settings that pod and container have in common, though
// their types do not.
func sharedContext(runAsNonRoot *bool, runAsUser *int64, seccomp *corev1.SeccompProfile, appArmor *corev1.AppArmorProfile,
	seLinux *corev1.SELinuxOptions, windows *corev1.WindowsSecurityContextOptions,
) pss.SecurityContext {
	view := pss.SecurityContext{RunAsNonRoot: opt(runAsNonRoot), RunAsUser: opt(runAsUser)}
	if seccomp != nil {
		view.SeccompProfile = pss.Some(string(seccomp.Type))
	}
	if appArmor != nil {
		view.AppArmorProfile = pss.Some(string(appArmor.Type))
	}
	if seLinux != nil {
		view.SELinux = pss.SELinuxOptions{Type: seLinux.Type, User: seLinux.User, Role: seLinux.Role}
	}
	if windows != nil {
		view.HostProcess = opt(windows.HostProcess)
	}
	return view
}
