package samples

import (
	"fmt"
	"math/rand/v2"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Compliant returns a pod that keeps to every version of the restricted level.
func Compliant(name string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{}},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   new(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			InitContainers: []corev1.Container{compliantContainer("init")},
			Containers:     []corev1.Container{compliantContainer("main"), compliantContainer("side")},
		},
	}
}

func compliantContainer(name string) corev1.Container {
	return corev1.Container{
		Name: name, Image: "registry.example/app:1",
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

// change makes a pod differ from a compliant one; c is one of its containers.
type change func(pod *corev1.Pod, c *corev1.Container)

// changes go against one control or more each, or against none in spite of how
// they look. Some exclude each other: the API server refuses such a pod.
func changes() []change { return slices.Concat(podChanges(), containerChanges()) }

func podChanges() []change {
	return []change{
		func(*corev1.Pod, *corev1.Container) {},
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.HostNetwork = true },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.HostPID = true },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.HostIPC = true },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.HostUsers = new(false) },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.SecurityContext = nil },
		func(p *corev1.Pod, _ *corev1.Container) { podSettings(p).RunAsNonRoot = new(false) },
		func(p *corev1.Pod, _ *corev1.Container) { podSettings(p).RunAsUser = new(int64(0)) },
		func(p *corev1.Pod, _ *corev1.Container) {
			podSettings(p).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
		},
		func(p *corev1.Pod, _ *corev1.Container) {
			podSettings(p).AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
		},
		func(p *corev1.Pod, _ *corev1.Container) {
			podSettings(p).SELinuxOptions = &corev1.SELinuxOptions{Type: "container_engine_t"} // allowed since v1.31
		},
		func(p *corev1.Pod, _ *corev1.Container) {
			podSettings(p).Sysctls = []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1"}}
		},
		func(p *corev1.Pod, _ *corev1.Container) {
			podSettings(p).Sysctls = []corev1.Sysctl{{Name: "net.ipv4.tcp_rmem", Value: "1"}} // allowed since v1.32
		},
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec.OS = &corev1.PodOS{Name: corev1.Linux} },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec = windowsSpec(false) },
		func(p *corev1.Pod, _ *corev1.Container) { p.Spec = windowsSpec(true) },
	}
}

func containerChanges() []change {
	return []change{
		func(p *corev1.Pod, c *corev1.Container) {
			p.Annotations["container.apparmor.security.beta.kubernetes.io/"+c.Name] = "unconfined" // becomes a field too
		},
		func(p *corev1.Pod, _ *corev1.Container) {
			p.Annotations["seccomp.security.alpha.kubernetes.io/pod"] = "unconfined" // counts until v1.18
			podSettings(p).SeccompProfile = nil                                      // it must not say otherwise
		},
		func(p *corev1.Pod, c *corev1.Container) {
			p.Annotations["container.seccomp.security.alpha.kubernetes.io/"+c.Name] = "runtime/default"
		},
		func(_ *corev1.Pod, c *corev1.Container) { c.SecurityContext = nil },
		func(_ *corev1.Pod, c *corev1.Container) { settings(c).AllowPrivilegeEscalation = nil },
		func(_ *corev1.Pod, c *corev1.Container) {
			settings(c).AllowPrivilegeEscalation, settings(c).Privileged = nil, new(true)
		},
		func(_ *corev1.Pod, c *corev1.Container) { settings(c).Capabilities = nil },
		func(_ *corev1.Pod, c *corev1.Container) {
			capabilities(c).Drop = []corev1.Capability{"all"}
		},
		func(_ *corev1.Pod, c *corev1.Container) {
			capabilities(c).Add = []corev1.Capability{"NET_BIND_SERVICE", "CHOWN"}
		},
		func(_ *corev1.Pod, c *corev1.Container) {
			capabilities(c).Add = []corev1.Capability{"NET_RAW"}
		},
		func(_ *corev1.Pod, c *corev1.Container) { settings(c).RunAsUser = new(int64(0)) },
		func(_ *corev1.Pod, c *corev1.Container) {
			settings(c).SELinuxOptions = &corev1.SELinuxOptions{User: "system_u", Role: "r"}
		},
		func(p *corev1.Pod, c *corev1.Container) {
			p.Spec.HostUsers, settings(c).ProcMount = new(false), new(corev1.UnmaskedProcMount)
		},
		func(_ *corev1.Pod, c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 8080}} // a hostPort on the node's network only
		},
		func(_ *corev1.Pod, c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 9090, HostPort: 9090}}
		},
		func(_ *corev1.Pod, c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
				HTTPGet: &corev1.HTTPGetAction{Host: "127.0.0.1", Port: intstr.FromInt32(80)},
			}}
		},
		volume(corev1.VolumeSource{}), // becomes emptyDir
		volume(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}}),
		volume(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/"}}),
		volume(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}}}),
	}
}

// volume returns the change that adds a volume.
func volume(source corev1.VolumeSource) change {
	return func(p *corev1.Pod, _ *corev1.Container) {
		name := fmt.Sprintf("v%d", len(p.Spec.Volumes))
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
	}
}

// windowsSpec is the spec of a pod for Windows, which must not have most of what
// restricted wants of others.
func windowsSpec(hostProcess bool) corev1.PodSpec {
	return corev1.PodSpec{
		OS:          &corev1.PodOS{Name: corev1.Windows},
		HostNetwork: hostProcess,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   new(true),
			WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: new(hostProcess)},
		},
		Containers: []corev1.Container{{Name: "main", Image: "registry.example/app:1"}},
	}
}

// Random makes the nth pod, a compliant one with up to three changes. The first
// change is the next in line, so that many pods have all of them. The pod has no
// name.
func Random(r *rand.Rand, n int) *corev1.Pod {
	pod, changes := Compliant(""), changes()
	for i := range 1 + r.IntN(3) {
		var containers []*corev1.Container
		for i := range pod.Spec.InitContainers {
			containers = append(containers, &pod.Spec.InitContainers[i])
		}
		for i := range pod.Spec.Containers {
			containers = append(containers, &pod.Spec.Containers[i])
		}
		next := r.IntN(len(changes))
		if i == 0 {
			next = n % len(changes)
		}
		changes[next](pod, containers[r.IntN(len(containers))])
	}
	return pod
}

// Each returns a compliant pod for every change that Random makes, with that one
// change alone, to a container that is no init container. The pods have no names.
func Each() (pods []*corev1.Pod) {
	for _, change := range changes() {
		pod := Compliant("")
		change(pod, &pod.Spec.Containers[0])
		pods = append(pods, pod)
	}
	return pods
}

// podSettings returns the pod's security context, which it makes if need be.
func podSettings(p *corev1.Pod) *corev1.PodSecurityContext {
	if p.Spec.SecurityContext == nil {
		p.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	return p.Spec.SecurityContext
}

// settings returns the container's security context, which it makes if need be.
func settings(c *corev1.Container) *corev1.SecurityContext {
	if c.SecurityContext == nil {
		c.SecurityContext = &corev1.SecurityContext{}
	}
	return c.SecurityContext
}

// capabilities returns the container's capabilities, which it makes if need be.
func capabilities(c *corev1.Container) *corev1.Capabilities {
	if settings(c).Capabilities == nil {
		settings(c).Capabilities = &corev1.Capabilities{}
	}
	return settings(c).Capabilities
}
